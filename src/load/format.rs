//! What a file is: a text in some encoding, a format with a reader of its own, or none of these, which is named.

use content_inspector::ContentType;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::text;

/// What a file is.
pub enum Format {
    Text(Charset, Kind),
    Pdf,
    Docx,
    Binary { what: &'static str, advice: &'static str },
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Html,
    Csv,
    Json,
}

pub enum Charset {
    Known(&'static Encoding),
    /// encoding_rs has no UTF-32.
    Utf32 {
        big_endian: bool,
    },
    Guess,
    /// UTF-8 but for a few bytes.
    Damaged,
}

/// By the bytes alone; only what kind of text it is also by the name's ending.
pub fn recognise(bytes: &[u8], name: &str) -> Format {
    match by_bytes(bytes) {
        Format::Text(Charset::Guess, Kind::Plain) if kind(bytes, name) == Kind::Html => {
            Format::Text(declared(bytes).map_or(Charset::Guess, Charset::Known), Kind::Html)
        }
        Format::Text(charset, _) => Format::Text(charset, kind(bytes, name)),
        other => other,
    }
}

fn kind(bytes: &[u8], name: &str) -> Kind {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("html" | "htm" | "xhtml") => return Kind::Html,
        Some("csv" | "tsv") => return Kind::Csv,
        Some("json" | "jsonl" | "ndjson" | "geojson") => return Kind::Json,
        Some(ending) if TAGGED.contains(&ending) => return Kind::Plain,
        _ => {}
    }
    let start = bytes.trim_ascii_start();
    let begins = |with: &str| start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()));
    match ending {
        // Pages are saved under any name.
        _ if begins("<!doctype html") || begins("<html") => Kind::Html,
        // Standard input has no ending.
        None if begins("{\"") || begins("[{") => Kind::Json,
        _ => Kind::Plain,
    }
}

/// Endings of source code in which tags are what it is about.
const TAGGED: &[&str] = &[
    "md", "markdown", "rst", "xml", "xsl", "vue", "svelte", "astro", "jsx", "tsx", "js", "ts", "erb", "ejs", "hbs",
    "haml", "j2", "jinja", "jinja2", "tmpl", "tpl", "mustache", "twig", "liquid", "cshtml", "razor", "ftl", "patch",
    "diff",
];

/// The encoding that a page of HTML says it has (HTML standard, "prescan a byte stream to determine its encoding", without
/// the rarer forms).
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.get(..bytes.len().min(1024))?.to_ascii_lowercase();
    let at = memchr::memmem::find(&start, b"charset=")? + b"charset=".len();
    let label: Vec<u8> = start[at..]
        .iter()
        .copied()
        .skip_while(|byte| matches!(byte, b'"' | b'\'' | b' '))
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(byte))
        .collect();
    Encoding::for_label(&label)
}

fn by_bytes(bytes: &[u8]) -> Format {
    // Some writers put a few bytes before the mark (ISO 32000-1, annex H, note 13 allows for a kilobyte).
    // A text that speaks of the mark is none.
    if let Some(at) = memchr::memmem::find(&bytes[..bytes.len().min(1024)], b"%PDF-")
        && (at == 0 || bytes[at - 1] == b'\n' || std::str::from_utf8(bytes).is_err())
    {
        return Format::Pdf;
    }
    if bytes.starts_with(b"{\\rtf") {
        return Format::Binary { what: "a rich text document", advice: OFFICE };
    }
    // Asked first: infer takes a text that begins with "BM" for a picture, and chardetng calls binary data UTF-8.
    match content_inspector::inspect(bytes) {
        ContentType::UTF_8 | ContentType::UTF_8_BOM if mostly_printable(bytes) => {
            // ISO-2022-JP is ASCII to look at, with escape sequences between the alphabets.
            let escapes = bytes.is_ascii() && memchr::memmem::find(bytes, b"\x1b$").is_some();
            let utf8 = std::str::from_utf8(bytes).is_ok() && !escapes;
            let charset = match () {
                () if utf8 => Charset::Known(UTF_8),
                () if !escapes && text::is_nearly_utf8(bytes) => Charset::Damaged,
                () => Charset::Guess,
            };
            Format::Text(charset, Kind::Plain)
        }
        ContentType::UTF_16LE => Format::Text(Charset::Known(UTF_16LE), Kind::Plain),
        ContentType::UTF_16BE => Format::Text(Charset::Known(UTF_16BE), Kind::Plain),
        ContentType::UTF_32LE => Format::Text(Charset::Utf32 { big_endian: false }, Kind::Plain),
        ContentType::UTF_32BE => Format::Text(Charset::Utf32 { big_endian: true }, Kind::Plain),
        _ => match (unmarked_utf32(bytes), unmarked_utf16(bytes)) {
            (Some(big_endian), _) => Format::Text(Charset::Utf32 { big_endian }, Kind::Plain),
            (None, Some(encoding)) => Format::Text(Charset::Known(encoding), Kind::Plain),
            // A zero here and there makes no text a binary file.
            (None, None)
                if mostly_printable(bytes) && std::str::from_utf8(bytes).is_ok() && infer::get(bytes).is_none() =>
            {
                Format::Text(Charset::Known(UTF_8), Kind::Plain)
            }
            (None, None) => name_binary(bytes),
        },
    }
}

/// Whether at most one byte in fifty is a control character that texts do not hold. Only the first kibibyte is looked at
/// by `content_inspector`.
fn mostly_printable(bytes: &[u8]) -> bool {
    let odd = |byte: &u8| matches!(byte, 0..=0x07 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    bytes.iter().filter(|byte| odd(byte)).count() * 50 <= bytes.len()
}

/// UTF-32 without a byte order mark: no character is beyond 0x10ffff. Whether it is big-endian.
fn unmarked_utf32(bytes: &[u8]) -> Option<bool> {
    let (units, _) = bytes.get(..bytes.len().min(4096) & !3)?.as_chunks::<4>();
    let is_text = |code: fn([u8; 4]) -> u32| {
        units.len() > 1
            && units.iter().all(|unit| {
                char::from_u32(code(*unit)).is_some_and(|c| c != '\0' && (!c.is_control() || c.is_whitespace()))
            })
    };
    [(u32::from_le_bytes as fn([u8; 4]) -> u32, false), (u32::from_be_bytes, true)]
        .into_iter()
        .find_map(|(code, big_endian)| is_text(code).then_some(big_endian))
}

/// UTF-16 without a byte order mark: western text has a zero in every other byte.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(4096) & !1)?;
    let pairs = sample.len() / 2;
    let zeros = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let encoding = match () {
        () if pairs > 1 && first == 0 && second * 10 >= pairs * 7 => UTF_16LE,
        () if pairs > 1 && second == 0 && first * 10 >= pairs * 7 => UTF_16BE,
        () => return None,
    };
    let (text, malformed) = encoding.decode_without_bom_handling(sample);
    (!malformed && mostly_printable(text.as_bytes())).then_some(encoding)
}

const OFFICE: &str = "save it as plain text first, for example with `libreoffice --headless --convert-to txt FILE`";
const UNPACK: &str = "unpack it first";

fn name_binary(bytes: &[u8]) -> Format {
    let kind = infer::get(bytes);
    // What infer looks for is the order in which Word writes the parts; others write them in any order.
    let part = |name: &[u8]| bytes.starts_with(b"PK\x03\x04") && memchr::memmem::find(bytes, name).is_some();
    if part(b"word/document.xml") {
        return Format::Docx;
    }
    let (what, advice) = match kind.map_or("", |kind| kind.mime_type()) {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => return Format::Docx,
        "application/msword" => ("a Word document of the old kind, or one with a password", OFFICE),
        "application/vnd.ms-excel" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => {
            ("a spreadsheet", "save it as CSV first")
        }
        "application/vnd.ms-powerpoint"
        | "application/vnd.openxmlformats-officedocument.presentationml.presentation" => ("a presentation", OFFICE),
        "application/vnd.oasis.opendocument.text" => ("an OpenDocument text", OFFICE),
        "application/vnd.oasis.opendocument.spreadsheet" => ("a spreadsheet", "save it as CSV first"),
        "application/vnd.oasis.opendocument.presentation" => ("a presentation", OFFICE),
        "application/epub+zip" => ("an EPUB book", "convert it first, for example with `pandoc -t plain FILE.epub`"),
        "application/zip"
        | "application/x-tar"
        | "application/gzip"
        | "application/x-bzip2"
        | "application/x-xz"
        | "application/zstd"
        | "application/x-7z-compressed"
        | "application/vnd.rar" => ("an archive", UNPACK),
        "application/vnd.sqlite3" => ("a database", "export the tables that matter as CSV first"),
        mime if mime.starts_with("image/") => {
            ("a picture", "recognise its text first, for example with `tesseract FILE out`")
        }
        mime if mime.starts_with("audio/") || mime.starts_with("video/") => ("a recording", "write it out first"),
        mime if mime.starts_with("font/") => ("a font", "name a document instead"),
        "application/x-executable" | "application/x-mach-binary" | "application/vnd.microsoft.portable-executable" => {
            ("a program", "name a document instead")
        }
        _ => ("a binary file of no format it knows", "convert it to plain text first"),
    };
    Format::Binary { what, advice }
}
