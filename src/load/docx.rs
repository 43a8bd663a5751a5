//! Word documents (DOCX, ECMA-376 part 1, WordprocessingML) as Markdown, from the events of its XML alone.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Cursor, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;
use zip::result::ZipError;

use super::blocks::Blocks;

/// Bytes of the largest part, unpacked: a small file can unpack to any size.
const MOST: u64 = 512 << 20;
/// Styles that one is based on, one on the other.
const BASES: usize = 16;

/// What is read of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Document {
    pub text: String,
    /// The file is damaged, and this is what stands before that.
    pub cut: bool,
}

/// The text with its notes and comments and, once each, its pages' headers and footers behind it; a form feed where Word began
/// a page when it was saved.
pub fn read(bytes: &[u8]) -> Result<Document, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut cut = false;
    let styles = match part(&mut archive, "word/styles.xml")? {
        Some(part) => styles(part).unwrap_or_else(|styles| {
            cut = true;
            styles
        }),
        None => HashMap::new(),
    };
    let mut body = Body { styles, ..Body::default() };
    let Some(document) = part(&mut archive, "word/document.xml")? else {
        return Err("it has no part word/document.xml".into());
    };
    let whole = body.read(document);
    for notes in ["word/footnotes.xml", "word/endnotes.xml", "word/comments.xml"] {
        if let Some(part) = part(&mut archive, notes)? {
            body.close();
            cut |= body.read(part).is_err();
        }
    }
    let Body { styles, blocks, .. } = body;
    let mut text = blocks.finish();
    if let Err(why) = whole {
        if text.trim().is_empty() {
            return Err(why);
        }
        cut = true;
    }
    let names = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned()));
    let mut margins: Vec<String> = names.filter(|name| margin(name).is_some()).collect();
    margins.sort_unstable();
    let mut said = HashSet::new();
    for name in margins {
        let Some(part) = part(&mut archive, &name)? else { continue };
        let mut body = Body { styles: styles.clone(), ..Body::default() };
        cut |= body.read(part).is_err();
        let words = body.blocks.finish();
        if !words.trim().is_empty() && said.insert(words.clone()) {
            text.push_str(&format!(
                "\n[{}] {}",
                margin(&name).unwrap_or_default(),
                words.trim_start_matches(['\n', '\u{c}'])
            ));
        }
    }
    Ok(Document { text, cut })
}

/// Whether a part is what stands above or below the text of every page.
fn margin(part: &str) -> Option<&'static str> {
    let name = part.strip_prefix("word/")?.strip_suffix(".xml")?;
    let of =
        |kind: &str| name.strip_prefix(kind).is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()));
    ["header", "footer"].into_iter().find(|kind| of(kind))
}

type Part<'a> = Reader<BufReader<Box<dyn Read + 'a>>>;

fn part<'a>(archive: &'a mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<Part<'a>>, String> {
    let file = match archive.by_name(name) {
        Ok(file) => file,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if file.size() > MOST {
        return Err(format!("its part {name} is larger than {} MiB", MOST >> 20));
    }
    let bytes: Box<dyn Read + 'a> = Box::new(file.take(MOST));
    let mut reader = Reader::from_reader(BufReader::new(bytes));
    // What is not well-formed is read as far as it goes.
    reader.config_mut().check_end_names = false;
    Ok(Some(reader))
}

/// What a style makes of a paragraph.
#[derive(Clone, Debug, Default)]
struct Style {
    heading: Option<u8>,
    /// How deep in a list; of a list's number 0, in none.
    item: Option<Option<usize>>,
    /// The style that has what this one does not say.
    based_on: Option<String>,
}

/// The styles by their ids, each with what those say that it is based on; where the part is damaged what was read of it. Names
/// of styles are in English in every language, their ids are not.
fn styles(mut part: Reader<impl BufRead>) -> Result<HashMap<String, Style>, HashMap<String, Style>> {
    let (mut found, mut id, mut buffer) = (HashMap::<String, Style>::new(), String::new(), Vec::new());
    let whole = loop {
        let event = match part.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(_) => break false,
        };
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                let value = || attribute(&tag, "val");
                let style = found.entry(id.clone()).or_default();
                match tag.local_name().as_ref() {
                    "style" => id = attribute(&tag, "styleId").unwrap_or_default(),
                    "name" => {
                        let name = value().unwrap_or_default().to_lowercase();
                        style.heading = match name.strip_prefix("heading ") {
                            Some(level) => level.parse().ok(),
                            None => (name == "title").then_some(1),
                        };
                    }
                    "basedOn" => style.based_on = value(),
                    "outlineLvl" => {
                        let level = value().and_then(|level| level.parse::<u8>().ok());
                        // Counted from 0; 9 is the text of the body.
                        style.heading = level.filter(|level| *level < 9).map(|level| level + 1).or(style.heading);
                    }
                    "ilvl" => style.item = value().and_then(|level| level.parse().ok()).map(Some),
                    "numId" if value().as_deref() == Some("0") => style.item = Some(None),
                    "numId" => style.item = style.item.or(Some(Some(0))),
                    _ => {}
                }
            }
            Event::Eof => break true,
            _ => {}
        }
        buffer.clear();
    };
    let resolved = found.iter().map(|(id, style)| {
        let mut style = style.clone();
        for _ in 0..BASES {
            let Some(base) = style.based_on.as_ref().and_then(|base| found.get(base)) else { break };
            style.heading = style.heading.or(base.heading);
            style.item = style.item.or(base.item);
            style.based_on.clone_from(&base.based_on);
        }
        (id.clone(), style)
    });
    let resolved = resolved.collect();
    if whole { Ok(resolved) } else { Err(resolved) }
}

#[derive(Default)]
struct Body {
    styles: HashMap<String, Style>,
    blocks: Blocks,
    /// The text of the runs is text of the document.
    in_text: bool,
    /// Elements that are open within one that says the same again for older programs.
    skipped: usize,
    paragraph: Paragraph,
    cell: Cell,
    /// A page begins after the table.
    page_waits: bool,
    tables: usize,
    /// The note at hand.
    note: Option<String>,
}

#[derive(Default)]
struct Paragraph {
    heading: Option<u8>,
    item: Option<usize>,
    /// Its properties were read, and told.
    begun: bool,
}

struct Cell {
    columns: usize,
    heads: bool,
    /// A cell above goes over it.
    begun: bool,
}

impl Default for Cell {
    fn default() -> Self {
        Self { columns: 1, heads: false, begun: true }
    }
}

impl Body {
    fn read(&mut self, mut part: Reader<impl BufRead>) -> Result<(), String> {
        let (mut buffer, mut open) = (Vec::new(), 0i64);
        loop {
            let event = part.read_event_into(&mut buffer).map_err(|error| error.to_string())?;
            match event {
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                _ => {}
            }
            match event {
                Event::Eof if open > 0 => return Err("it breaks off".into()),
                Event::Eof => return Ok(()),
                Event::Start(_) if self.skipped > 0 => self.skipped += 1,
                Event::End(_) if self.skipped > 0 => self.skipped -= 1,
                _ if self.skipped > 0 => {}
                Event::Start(tag) => self.start(&tag, false),
                Event::Empty(tag) => self.start(&tag, true),
                Event::End(tag) => self.end(tag.local_name().as_ref()),
                Event::Text(text) if self.in_text => self.say(&text.xml10_content()),
                Event::CData(text) if self.in_text => self.say(&text.xml10_content()),
                // Entities of the document's own are not looked up: they could unfold without end.
                Event::GeneralRef(entity) if self.in_text => {
                    let character = entity.resolve_char_ref().ok().flatten().map(String::from);
                    let named = quick_xml::escape::resolve_predefined_entity(&entity.xml10_content());
                    if let Some(text) = character.as_deref().or(named) {
                        self.say(text);
                    }
                }
                _ => {}
            }
            buffer.clear();
        }
    }

    /// Ends what a part left open.
    fn close(&mut self) {
        (self.in_text, self.skipped, self.page_waits, self.cell) = (false, 0, false, Cell::default());
        while self.tables > 0 {
            self.blocks.end_table();
            self.tables -= 1;
        }
        self.blocks.end_block();
        self.paragraph = Paragraph::default();
    }

    fn say(&mut self, text: &str) {
        self.begin_paragraph();
        self.blocks.text(text);
    }

    fn begin_paragraph(&mut self) {
        if std::mem::replace(&mut self.paragraph.begun, true) {
            return;
        }
        match (self.paragraph.heading, self.paragraph.item) {
            (Some(level), _) => self.blocks.heading(level),
            (None, Some(depth)) => self.blocks.item(depth, None),
            (None, None) => {}
        }
        if let Some(note) = self.note.take() {
            self.blocks.text(&format!("[{note}] "));
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, empty: bool) {
        let value = || attribute(tag, "val");
        match tag.local_name().as_ref() {
            "Fallback" if !empty => self.skipped = 1,
            "p" => {
                self.begin_cell();
                self.blocks.end_block();
                self.paragraph = Paragraph::default();
            }
            "pStyle" => {
                if let Some(style) = value().and_then(|style| self.styles.get(&style)) {
                    self.paragraph.heading = style.heading;
                    self.paragraph.item = style.item.flatten();
                }
            }
            "outlineLvl" => {
                let level = value().and_then(|level| level.parse::<u8>().ok()).filter(|level| *level < 9);
                self.paragraph.heading = level.map(|level| level + 1).or(self.paragraph.heading);
            }
            "ilvl" => self.paragraph.item = value().and_then(|level| level.parse().ok()),
            // Number 0 takes a paragraph out of its list.
            "numId" if value().as_deref() == Some("0") => self.paragraph.item = None,
            "numId" => self.paragraph.item = self.paragraph.item.or(Some(0)),
            "t" if !empty => self.in_text = true,
            "tab" if self.paragraph.begun => self.blocks.text(" "),
            "noBreakHyphen" => self.say("-"),
            "br" if attribute(tag, "type").as_deref() == Some("page") => self.page(),
            "br" | "cr" if self.paragraph.begun => self.blocks.line_break(),
            "lastRenderedPageBreak" => self.page(),
            "footnoteReference" | "endnoteReference" => {
                if let Some(id) = attribute(tag, "id") {
                    self.say(&format!("[{id}]"));
                }
            }
            // The separators above the notes have a type.
            "footnote" | "endnote" if attribute(tag, "type").is_none() => {
                self.blocks.end_block();
                self.note = attribute(tag, "id");
            }
            "comment" if !empty => {
                self.blocks.end_block();
                let who = attribute(tag, "author").filter(|author| !author.trim().is_empty());
                self.note = Some(who.map_or("comment".into(), |author| format!("comment by {author}")));
            }
            "tbl" if !empty => {
                self.begin_cell();
                self.tables += 1;
                self.blocks.begin_table();
            }
            "tr" => {
                self.blocks.begin_row();
                self.cell.heads = false;
            }
            "tblHeader" => self.cell.heads = true,
            "tc" => self.cell = Cell { columns: 1, heads: self.cell.heads, begun: false },
            "gridSpan" => self.cell.columns = value().and_then(|columns| columns.parse().ok()).unwrap_or(1),
            _ => {}
        }
    }

    fn begin_cell(&mut self) {
        if !std::mem::replace(&mut self.cell.begun, true) {
            self.blocks.begin_cell(self.cell.heads, self.cell.columns, 1);
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "p" => self.blocks.end_block(),
            "tc" => {
                self.begin_cell();
                self.blocks.end_cell();
            }
            "tr" => self.blocks.end_row(),
            "tbl" => {
                self.blocks.end_table();
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 && std::mem::take(&mut self.page_waits) {
                    self.blocks.page();
                }
            }
            _ => {}
        }
    }

    /// No row is cut by the page that begins in it.
    fn page(&mut self) {
        if self.tables > 0 { self.page_waits = true } else { self.blocks.page() }
    }
}

/// By its name without a prefix, whichever the document gives to the namespace.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|found| found.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

#[cfg(test)]
pub mod tests {
    use std::io::Write;

    use super::*;

    pub fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn body(inside: &str) -> String {
        format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>{inside}</w:body></w:document>")
    }

    fn paragraph(properties: &str, text: &str) -> String {
        format!("<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
    }

    fn text_of(inside: &str) -> String {
        let styles = "<w:styles xmlns:w=\"w\"><w:style w:styleId=\"berschrift2\"><w:name w:val=\"heading 2\"/></w:style></w:styles>";
        read(&packed(&[("word/styles.xml", styles), ("word/document.xml", &body(inside))])).unwrap().text
    }

    #[test]
    fn headings_lists_pages_and_tables_keep_what_they_are() {
        let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph("", text));
        let text = [
            paragraph("<w:pStyle w:val=\"berschrift2\"/>", "Results"),
            paragraph("", "Profit &amp; loss: 5 &#8364; "),
            paragraph("<w:numPr><w:ilvl w:val=\"1\"/><w:numId w:val=\"3\"/></w:numPr>", "point"),
            format!(
                "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr></w:tbl>",
                cell("Year"),
                cell("Sales"),
                cell("2019"),
                cell("1,2")
            ),
            "<w:p><w:r><w:t>one</w:t><w:lastRenderedPageBreak/><w:t>two</w:t><w:delText>gone</w:delText></w:r></w:p>"
                .into(),
        ];
        assert_eq!(
            text_of(&text.concat()),
            "## Results\n\nProfit & loss: 5 €\n\n  - point\n\n| Year | Sales |\n| --- | --- |\n| 2019 | 1,2 |\n\none\n\u{c}\ntwo\n"
        );
    }

    #[test]
    fn footnotes_stand_behind_the_text_and_nothing_is_said_twice() {
        let inside = "<w:p><w:r><w:t>Words</w:t><w:footnoteReference w:id=\"2\"/></w:r><mc:AlternateContent><mc:Choice><w:t>box</w:t>\
                      </mc:Choice><mc:Fallback><w:t>box</w:t></mc:Fallback></mc:AlternateContent></w:p>";
        let notes = "<w:footnotes><w:footnote w:type=\"separator\" w:id=\"0\"><w:p/></w:footnote><w:footnote w:id=\"2\"><w:p><w:r>\
                     <w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>";
        let file = packed(&[("word/document.xml", &body(inside)), ("word/footnotes.xml", notes)]);
        assert_eq!(read(&file).unwrap().text, "Words[2]box\n\n[2] A note.\n");
    }

    #[test]
    fn styles_have_what_they_are_based_on() {
        let style = |id: &str, name: &str, more: &str| {
            format!("<w:style w:styleId=\"{id}\"><w:name w:val=\"{name}\"/>{more}</w:style>")
        };
        let styles = [
            style("h2", "heading 2", "<w:pPr><w:numPr><w:numId w:val=\"0\"/></w:numPr></w:pPr>"),
            style("mine", "My heading", "<w:basedOn w:val=\"h2\"/>"),
            style("bullet", "List Bullet", "<w:pPr><w:numPr><w:numId w:val=\"5\"/></w:numPr></w:pPr>"),
            style(
                "deeper",
                "Deeper",
                "<w:basedOn w:val=\"bullet\"/><w:pPr><w:numPr><w:ilvl w:val=\"1\"/></w:numPr></w:pPr>",
            ),
            style("round", "Round", "<w:basedOn w:val=\"round\"/>"),
        ];
        let styles = format!("<w:styles xmlns:w=\"w\">{}</w:styles>", styles.concat());
        let of = |style: &str| paragraph(&format!("<w:pStyle w:val=\"{style}\"/>"), style);
        let inside = ["mine", "bullet", "deeper", "round", "none"].map(of).concat();
        let file = packed(&[("word/styles.xml", &styles), ("word/document.xml", &body(&inside))]);
        assert_eq!(read(&file).unwrap().text, "## mine\n\n- bullet\n  - deeper\n\nround\n\nnone\n");
    }

    #[test]
    fn headers_footers_and_comments_stand_behind_the_text_once() {
        let margin = |words: &str| format!("<w:hdr xmlns:w=\"w\">{}</w:hdr>", paragraph("", words));
        let comment = format!(
            "<w:comments xmlns:w=\"w\"><w:comment w:id=\"0\" w:author=\"R. Roe\">{}</w:comment></w:comments>",
            paragraph("", "Why?")
        );
        let file = packed(&[
            ("word/document.xml", &body(&paragraph("", "Words."))),
            ("word/comments.xml", &comment),
            ("word/header1.xml", &margin("Confidential")),
            ("word/header2.xml", &margin("Confidential")),
            ("word/header3.xml", &margin("")),
            ("word/footer1.xml", &margin("Page")),
        ]);
        let read = read(&file).unwrap();
        let text = "Words.\n\n[comment by R. Roe] Why?\n\n[footer] Page\n\n[header] Confidential\n";
        assert_eq!((read.text.as_str(), read.cut), (text, false));
    }

    #[test]
    fn a_file_that_breaks_off_is_read_as_far_as_it_goes() {
        let whole = body(&(paragraph("", "Words before.") + &paragraph("", "Words behind.")));
        let cut = &whole[..whole.find("behind").unwrap()];
        for part in [cut.to_owned(), format!("{cut} <w:r")] {
            let read = read(&packed(&[("word/document.xml", &part)])).unwrap();
            assert!(read.text.starts_with("Words before.\n") && read.cut, "{read:?}");
        }
        assert!(read(&packed(&[("word/document.xml", "<w:doc")])).is_err());
    }

    #[test]
    fn broken_files_are_told_and_bombs_are_not_unfolded() {
        assert!(read(b"PK\x03\x04 no archive").is_err());
        assert!(read(&packed(&[("other", "x")])).unwrap_err().contains("word/document.xml"));
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]>";
        let file = packed(&[("word/document.xml", &format!("{bomb}{}", body(&paragraph("", "before &b; behind"))))]);
        assert_eq!(read(&file).unwrap().text, "before behind\n");
        let deep = format!("{}<w:p><w:t>deep</w:t></w:p>", "<w:tbl><w:tr><w:tc>".repeat(30_000));
        assert!(text_of(&deep).contains("deep"));
    }
}
