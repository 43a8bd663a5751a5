//! HTML as Markdown, from its tokens alone: no tree is built, so that no nesting is too deep.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::blocks::Blocks;

/// Bytes that are handed to the tokenizer at once.
const PIECE: usize = 1 << 20;
/// Lists within lists that are told apart.
const LISTS: usize = 64;

/// The text of a page. Scripts, styles and comments are left out; what a style would hide is not.
pub fn read(page: &str) -> String {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    let mut rest = page;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE));
        input.push_back(StrTendril::from_slice(piece));
        // It pauses for scripts that are to be run, and none is.
        let _ = tokenizer.feed(&input);
        rest = more;
    }
    tokenizer.end();
    tokenizer.sink.0.into_inner().blocks.finish()
}

#[derive(Default)]
struct Sink(RefCell<Page>);

#[derive(Default)]
struct Page {
    blocks: Blocks,
    /// The lists that are open, each with the number of its next item where it counts.
    lists: Vec<Option<u32>>,
    /// What stands in a script or a style is no text.
    skips: bool,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) if !page.skips => page.blocks.text(&text),
            Token::TagToken(tag) => return page.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Page {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let begins = tag.kind == TagKind::StartTag;
        let blocks = &mut self.blocks;
        match &*tag.name {
            name @ ("script" | "style" | "iframe" | "noembed" | "noframes") => {
                self.skips = begins;
                if begins {
                    let kind = if name == "script" { RawKind::ScriptData } else { RawKind::Rawtext };
                    return TokenSinkResult::RawData(kind);
                }
            }
            "title" | "textarea" => {
                blocks.end_block();
                if begins {
                    return TokenSinkResult::RawData(RawKind::Rcdata);
                }
            }
            "br" => blocks.line_break(),
            "img" if begins => {
                if let Some(alt) = attribute(tag, "alt") {
                    blocks.text(" ");
                    blocks.text(alt);
                    blocks.text(" ");
                }
            }
            name @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") if begins => {
                blocks.heading(name.as_bytes().get(1).map_or(1, |digit| digit - b'0'));
            }
            "pre" => blocks.keep(begins),
            "ul" | "menu" | "ol" => {
                blocks.end_block();
                if begins && self.lists.len() < LISTS {
                    let first = attribute(tag, "start").and_then(|start| start.parse().ok()).unwrap_or(1);
                    self.lists.push((&*tag.name == "ol").then_some(first));
                } else if !begins {
                    self.lists.pop();
                }
            }
            "li" if begins => {
                let depth = self.lists.len().saturating_sub(1);
                let number = self.lists.last_mut().and_then(|counts| {
                    let number = (*counts)?;
                    *counts = Some(number.saturating_add(1));
                    Some(number)
                });
                blocks.item(depth, number);
            }
            "table" if begins => blocks.begin_table(),
            "table" => blocks.end_table(),
            "tr" if begins => blocks.begin_row(),
            "tr" => blocks.end_row(),
            name @ ("td" | "th") if begins => {
                let span = |name: &str| attribute(tag, name).and_then(|number| number.parse().ok()).unwrap_or(1);
                blocks.begin_cell(name == "th", span("colspan"), span("rowspan"));
            }
            "td" | "th" => blocks.end_cell(),
            "p" | "div" | "section" | "article" | "header" | "footer" | "nav" | "aside" | "main" | "dl" | "dt"
            | "dd" | "li" | "blockquote" | "figure" | "figcaption" | "form" | "fieldset" | "legend" | "address"
            | "hr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "details" | "summary" | "caption" | "option"
            | "body" | "head" | "html" | "center" | "template" | "noscript" | "svg" | "text" | "desc"
            | "foreignobject" | "select" | "optgroup" | "object" | "dialog" | "hgroup" | "search" | "video"
            | "audio" | "canvas" => {
                blocks.end_block();
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lists_and_paragraphs_keep_what_they_are() {
        let page = "<!DOCTYPE html><html><head><title>Report</title><style>p{}</style><script>if (a<b) {}</script></head>\
                    <body><h1>Annual\nReport</h1><p>Sales&nbsp;rose by 5&nbsp;% &amp; costs  fell.<br>So it is.\
                    <ul><li>one<ul><li>inner</ul><li>two</ul><ol start=3><li>three<li>four</ol><h3>Notes</h3>\
                    <pre>  a\n# b</pre><p>end";
        assert_eq!(
            read(page),
            "Report\n\n# Annual Report\n\nSales rose by 5 % & costs fell.\nSo it is.\n\n- one\n  - inner\n- two\n3. three\n\
             4. four\n\n### Notes\n\n```\n  a\n# b\n```\n\nend\n"
        );
    }

    #[test]
    fn what_is_seldom_shown_runs_into_nothing() {
        let page =
            "<p>one<template>two</template><noscript>three</noscript><svg><text>four</text><text>five</text></svg>six";
        assert_eq!(read(page), "one\n\ntwo\n\nthree\n\nfour\n\nfive\n\nsix\n");
    }

    #[test]
    fn a_table_row_is_a_line() {
        let page = "<table><tr><th>Year<th><th>Sales<tr><td>2019<td><td>1,234 <br>million<tr><td>2020<td></td><td><p>5|6</p></table>";
        assert_eq!(read(page), "| Year | Sales |\n| --- | --- |\n| 2019 | 1,234 million |\n| 2020 | 5\\|6 |\n");
        let spans = "<table><tr><th colspan=2>A</th><th>B</th></tr><tr><td rowspan=2>x</td><td>1</td><td>2</td></tr>\
                     <tr><td>3</td><td>4</td></tr></table>";
        assert_eq!(read(spans), "| A |  | B |\n| --- | --- | --- |\n| x | 1 | 2 |\n|  | 3 | 4 |\n");
    }

    #[test]
    fn a_table_that_only_places_things_is_no_table() {
        let page = "<table><tr><td>menu</td><td><h2>Title</h2><p>Text.</p><table><tr><td>a<td>b<tr><td>1<td>2</table>\
                    after</td></tr></table>end";
        assert_eq!(read(page), "menu\n\n## Title\n\nText.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nafter\n\nend\n");
    }

    #[test]
    fn nesting_without_end_and_broken_tags_are_read() {
        let deep = format!("{}deep{}", "<div><table><tr><td><ul><li>".repeat(50_000), "</div>".repeat(10));
        assert!(read(&deep).contains("deep"));
        for odd in [
            "",
            "<",
            "<table><td>a<script>x",
            "</td></table></ul>a",
            "<td>a<tr>b",
            "&#xffffff;&bogus;a",
            "<pre><table>a",
        ] {
            read(odd);
        }
        assert_eq!(read("<td colspan=4000000000>a<td>b"), "a\n\nb\n".replace("\n\n", ""));
    }
}
