//! Themes: TOML files that give each role of the screen a look, for as many colours as the terminal has.

mod file;
mod known;
mod quantise;

use ratatui::style::{Color, Modifier, Style};

pub use file::ThemeError;
use known::File;
pub use known::Themes;
pub use quantise::Depth;

use crate::app::Tone;

/// What something on the screen is. Code names roles; only theme files name colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Background,
    Text,
    Dim,
    Strong,
    Heading,
    Accent,
    Good,
    Warning,
    Bad,
    Code,
    Keyword,
    Function,
    String,
    Number,
    Comment,
    LineNumber,
    Quote,
    Key,
    Rule,
    RuleFocused,
    Title,
    TitleFocused,
    Bar,
    Tab,
    TabCurrent,
    Cursor,
    CursorFocused,
    Match,
    Highlight,
    TintCited,
    TintLeft,
    MarkRead,
    MarkCited,
    MarkLeft,
    GaugeAnswered,
    GaugeAbstained,
    GaugeTrouble,
    GaugeRunning,
    GaugeWaiting,
    Spark,
    Overlay,
    OverlayRule,
    Input,
}

/// Every role with its name in theme files.
pub const ROLES: [(Role, &str); 43] = [
    (Role::Background, "background"),
    (Role::Text, "text"),
    (Role::Dim, "dim"),
    (Role::Strong, "strong"),
    (Role::Heading, "heading"),
    (Role::Accent, "accent"),
    (Role::Good, "good"),
    (Role::Warning, "warning"),
    (Role::Bad, "bad"),
    (Role::Code, "code"),
    (Role::Keyword, "keyword"),
    (Role::Function, "function"),
    (Role::String, "string"),
    (Role::Number, "number"),
    (Role::Comment, "comment"),
    (Role::LineNumber, "line-number"),
    (Role::Quote, "quote"),
    (Role::Key, "key"),
    (Role::Rule, "rule"),
    (Role::RuleFocused, "rule-focused"),
    (Role::Title, "title"),
    (Role::TitleFocused, "title-focused"),
    (Role::Bar, "bar"),
    (Role::Tab, "tab"),
    (Role::TabCurrent, "tab-current"),
    (Role::Cursor, "cursor"),
    (Role::CursorFocused, "cursor-focused"),
    (Role::Match, "match"),
    (Role::Highlight, "highlight"),
    (Role::TintCited, "tint-cited"),
    (Role::TintLeft, "tint-left"),
    (Role::MarkRead, "mark-read"),
    (Role::MarkCited, "mark-cited"),
    (Role::MarkLeft, "mark-left"),
    (Role::GaugeAnswered, "gauge-answered"),
    (Role::GaugeAbstained, "gauge-abstained"),
    (Role::GaugeTrouble, "gauge-trouble"),
    (Role::GaugeRunning, "gauge-running"),
    (Role::GaugeWaiting, "gauge-waiting"),
    (Role::Spark, "spark"),
    (Role::Overlay, "overlay"),
    (Role::OverlayRule, "overlay-rule"),
    (Role::Input, "input"),
];

/// The themes in the program: name and file.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../themes/colour-blind.toml")),
    ("catppuccin-mocha", include_str!("../../themes/catppuccin-mocha.toml")),
    ("gruvbox-dark", include_str!("../../themes/gruvbox-dark.toml")),
];

/// How a role looks in full colour, and without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub fg: Option<(u8, u8, u8)>,
    pub bg: Option<(u8, u8, u8)>,
    pub always: Modifier,
    /// In place of a background that the terminal cannot show.
    pub plain: Modifier,
}

/// A theme made ready for one terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    pub name: String,
    pub depth: Depth,
    looks: [Look; ROLES.len()],
    styles: [Style; ROLES.len()],
}

impl Theme {
    /// A theme of the program by name.
    pub fn built_in(name: &str, depth: Depth) -> Result<Self, ThemeError> {
        Themes::default().load(name, depth)
    }

    fn of(file: File, themes: &Themes, depth: Depth) -> Result<Self, ThemeError> {
        let (name, looks) = file::read(file, themes)?;
        let mut styles = [Style::default(); ROLES.len()];
        let base = (looks[Role::Text as usize].fg, looks[Role::Background as usize].bg);
        for (style, look) in styles.iter_mut().zip(&looks) {
            *style = quantise::style(look, base, depth);
        }
        Ok(Self { name, depth, looks, styles })
    }

    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    pub fn tone(&self, tone: Tone) -> Style {
        self.style(match tone {
            Tone::Text => Role::Text,
            Tone::Dim => Role::Dim,
            Tone::Strong => Role::Strong,
            Tone::Emphasis => return self.style(Role::Text).add_modifier(Modifier::ITALIC),
            Tone::Heading => Role::Heading,
            Tone::Accent => Role::Accent,
            Tone::Good => Role::Good,
            Tone::Warning => Role::Warning,
            Tone::Bad => Role::Bad,
            Tone::Code => Role::Code,
            Tone::Keyword => Role::Keyword,
            Tone::Function => Role::Function,
            Tone::String => Role::String,
            Tone::Number => Role::Number,
            Tone::Comment => Role::Comment,
            Tone::LineNumber => Role::LineNumber,
            Tone::Quote => Role::Quote,
            Tone::Key => Role::Key,
        })
    }

    /// The look as the file gives it.
    pub fn look(&self, role: Role) -> Look {
        self.looks[role as usize]
    }

    /// Text on the background.
    pub fn base(&self) -> Style {
        let base = self.style(Role::Background).patch(self.style(Role::Text));
        match self.depth {
            Depth::None | Depth::Ansi => base.fg(Color::Reset).bg(Color::Reset),
            Depth::True | Depth::Indexed => base,
        }
    }
}

#[cfg(test)]
mod tests;
