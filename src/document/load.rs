//! Reads documents from files and standard input: text in any encoding, named refusals for everything else.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use content_inspector::ContentType;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::Document;

/// Larger files are refused.
const MAX_BYTES: u64 = 1 << 30;

/// Why a document could not be read, in one sentence. Paths are quoted and escaped.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("there is no file {0:?}; check the path")]
    Missing(PathBuf),
    #[error("{0:?} may not be read; give yourself permission to read it")]
    Forbidden(PathBuf),
    #[error("{0:?} is a folder, and this version reads files only; name the files in it")]
    Folder(PathBuf),
    #[error("{0:?} is larger than 1 GiB; split it and ask of the parts that matter")]
    TooLarge(PathBuf),
    #[error("{0:?} is empty; a document needs some text")]
    Empty(PathBuf),
    #[error("{path:?} is {what}, and this version reads text only; {advice}")]
    Binary { path: PathBuf, what: &'static str, advice: &'static str },
    #[error("standard input can be read once only; name `-` once")]
    StandardInputTwice,
    #[error("{0:?} is no file, and only files can be named here; name one that holds text")]
    NoFile(PathBuf),
    #[error("{path:?} could not be read: {error}")]
    Unreadable { path: PathBuf, error: io::Error },
}

/// Reads one document; the path `-` is standard input.
///
/// The text is stored as UTF-8 without a byte order mark and with LF line ends, and offsets are into that text: CRLF and
/// lone CR are turned into LF. The encoding is that of the byte order mark, else UTF-8 where it is valid, else the one
/// that the bytes look most like. Blocks until the whole file is read.
pub fn load(path: &Path) -> Result<Document, LoadError> {
    let bytes = if is_standard_input(path) { read(io::stdin().lock(), 0, path)? } else { read_file(path)? };
    let text = match recognise(&bytes) {
        Format::Text(encoding) => decode(bytes, encoding),
        Format::Binary { what, advice } => return Err(LoadError::Binary { path: path.into(), what, advice }),
    };
    // A byte-order mark in the middle of a file is no word either.
    if text.chars().all(|c| c.is_whitespace() || c == '\u{feff}') {
        return Err(LoadError::Empty(path.into()));
    }
    Ok(Document::from_text(name_of(path), text))
}

/// Reads documents in order, and stops at the first that cannot be read.
pub fn load_all(paths: &[PathBuf]) -> Result<Vec<Document>, LoadError> {
    let mut seen = HashSet::new();
    if paths.iter().filter(|path| is_standard_input(path)).any(|path| !seen.insert(path)) {
        return Err(LoadError::StandardInputTwice);
    }
    paths.iter().map(|path| load(path)).collect()
}

/// The same for paths that are named while a screen is up: files alone. Standard input is the keyboard there, and what
/// comes by a pipe or a device could be waited for without end.
pub fn load_files(paths: &[PathBuf]) -> Result<Vec<Document>, LoadError> {
    let no_file = |path: &&PathBuf| {
        is_standard_input(path) || std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
    };
    match paths.iter().find(no_file) {
        Some(path) => Err(LoadError::NoFile(path.clone())),
        None => load_all(paths),
    }
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn name_of(path: &Path) -> String {
    if is_standard_input(path) {
        return "standard input".into();
    }
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read_file(path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => LoadError::Missing(path.into()),
        io::ErrorKind::PermissionDenied => LoadError::Forbidden(path.into()),
        io::ErrorKind::IsADirectory => LoadError::Folder(path.into()),
        _ => LoadError::Unreadable { path: path.into(), error },
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(LoadError::Folder(path.into()));
    }
    if metadata.len() > MAX_BYTES {
        return Err(LoadError::TooLarge(path.into()));
    }
    read(File::open(path).map_err(failed)?, metadata.len(), path)
}

/// Reads to the end, however large the file said it was.
fn read(from: impl Read, said: u64, path: &Path) -> Result<Vec<u8>, LoadError> {
    // Room for one byte more than there should be, so that the end is met without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(said.min(MAX_BYTES)).map_or(0, |said| said + 1));
    from.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| LoadError::Unreadable { path: path.into(), error })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(LoadError::TooLarge(path.into()));
    }
    Ok(bytes)
}

/// What a file is, by its bytes alone. A format that gets a reader of its own becomes a variant here.
enum Format {
    Text(Charset),
    Binary { what: &'static str, advice: &'static str },
}

enum Charset {
    Known(&'static Encoding),
    /// encoding_rs has no UTF-32.
    Utf32 {
        big_endian: bool,
    },
    Guess,
}

fn recognise(bytes: &[u8]) -> Format {
    if bytes.starts_with(b"{\\rtf") {
        return Format::Binary { what: "a rich text document", advice: OFFICE };
    }
    // Asked first: infer takes a text that begins with "BM" for a picture, and chardetng calls binary data UTF-8.
    match content_inspector::inspect(bytes) {
        ContentType::UTF_8 | ContentType::UTF_8_BOM if mostly_printable(bytes) => {
            // ISO-2022-JP is ASCII to look at, with escape sequences between the alphabets.
            let escapes = bytes.is_ascii() && memchr::memmem::find(bytes, b"\x1b$").is_some();
            let utf8 = std::str::from_utf8(bytes).is_ok() && !escapes;
            Format::Text(if utf8 { Charset::Known(UTF_8) } else { Charset::Guess })
        }
        ContentType::UTF_16LE => Format::Text(Charset::Known(UTF_16LE)),
        ContentType::UTF_16BE => Format::Text(Charset::Known(UTF_16BE)),
        ContentType::UTF_32LE => Format::Text(Charset::Utf32 { big_endian: false }),
        ContentType::UTF_32BE => Format::Text(Charset::Utf32 { big_endian: true }),
        _ => match unmarked_utf16(bytes) {
            Some(encoding) => Format::Text(Charset::Known(encoding)),
            None => name_binary(bytes),
        },
    }
}

/// Whether at most one byte in fifty is a control character that texts do not hold. Only the first kibibyte is looked at
/// by `content_inspector`.
fn mostly_printable(bytes: &[u8]) -> bool {
    let odd = |byte: &u8| matches!(byte, 0..=0x07 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    bytes.iter().filter(|byte| odd(byte)).count() * 50 <= bytes.len()
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
    let (what, advice) = match kind.map_or("", |kind| kind.mime_type()) {
        "application/pdf" => ("a PDF document", "convert it first, for example with `pdftotext -layout FILE.pdf`"),
        "application/msword" | "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => {
            ("a Word document", OFFICE)
        }
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

fn decode(bytes: Vec<u8>, charset: Charset) -> String {
    let text = match charset {
        Charset::Known(encoding) if encoding == UTF_8 => match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        },
        Charset::Known(encoding) => encoding.decode(&bytes).0.into_owned(),
        Charset::Utf32 { big_endian } => decode_utf32(&bytes, big_endian),
        Charset::Guess => {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
            detector.feed(&bytes, true);
            detector.guess(None, Utf8Detection::Allow).decode(&bytes).0.into_owned()
        }
    };
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

fn decode_utf32(bytes: &[u8], big_endian: bool) -> String {
    let (units, _) = bytes.as_chunks::<4>();
    let code = |unit: &[u8; 4]| if big_endian { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) };
    units.iter().map(|unit| char::from_u32(code(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn load_bytes(bytes: &[u8]) -> Result<Document, LoadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        load(&path)
    }

    fn text_of(bytes: &[u8]) -> String {
        load_bytes(bytes).unwrap().text.to_string()
    }

    const GERMAN: &str = "Die Prüfung der Bücher ergab für das Geschäftsjahr einen Überschuß von zwölf Millionen.\n";

    fn utf16(text: &str, mark: bool, unit: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.then_some(0xfeff).into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
    }

    #[test]
    fn text_is_read_in_whatever_encoding_it_is() {
        assert_eq!(text_of(GERMAN.as_bytes()), GERMAN);
        assert_eq!(text_of(&[b"\xef\xbb\xbf", GERMAN.as_bytes()].concat()), GERMAN);
        assert_eq!(text_of(&encoding_rs::WINDOWS_1252.encode(GERMAN).0), GERMAN);
        for mark in [true, false] {
            assert_eq!(text_of(&utf16(GERMAN, mark, u16::to_le_bytes)), GERMAN);
            assert_eq!(text_of(&utf16(GERMAN, mark, u16::to_be_bytes)), GERMAN);
        }
        let utf32: Vec<u8> = "\u{feff}Größe 😀".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(text_of(&utf32), "Größe 😀");
        let japanese = "これは日本語の文書です。売上高は前年より増えました。";
        assert_eq!(text_of(&encoding_rs::SHIFT_JIS.encode(japanese).0), japanese);
        assert_eq!(text_of(&encoding_rs::ISO_2022_JP.encode(japanese).0), japanese);
    }

    #[test]
    fn a_form_feed_that_ends_the_text_begins_no_page() {
        assert_eq!(Document::from_text("d", "one\x0ctwo\x0c").pages, [0, 4]);
        assert_eq!(Document::from_text("d", "one\x0c").pages, [0]);
        assert!(Document::from_text("d", "\x0c").pages.len() <= 1);
    }

    #[test]
    fn line_ends_are_lf_and_pages_are_kept() {
        let document = load_bytes(b"one\r\ntwo\rthree\n\x0cfour").unwrap();
        assert_eq!(&*document.text, "one\ntwo\nthree\n\x0cfour");
        assert_eq!(document.pages, [0, 15]);
        assert_eq!(document.name, "file");
    }

    #[test]
    fn a_text_that_begins_like_a_picture_is_a_text() {
        assert_eq!(text_of(b"BMW annual report"), "BMW annual report");
    }

    #[test]
    fn what_is_no_text_is_named_with_a_way_out() {
        let pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n";
        let late = [b"plain words ".repeat(200), (0..=255).collect::<Vec<u8>>().repeat(20)].concat();
        for (bytes, what) in [
            (&pdf[..], "a PDF document"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
            (b"PK\x03\x04\x14\0\0\0\x08\0", "an archive"),
            (b"{\\rtf1\\ansi text}", "a rich text document"),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "a program"),
            (&late, "a binary file of no format it knows"),
        ] {
            let error = load_bytes(bytes).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
        assert!(load_bytes(pdf).unwrap_err().to_string().contains("pdftotext -layout"));
    }

    #[test]
    fn a_blank_file_is_empty() {
        for bytes in [&b""[..], b" \n\t\r\n", b"\xef\xbb\xbf", b" \xef\xbb\xbf \n"] {
            assert!(matches!(load_bytes(bytes), Err(LoadError::Empty(_))));
        }
    }

    #[test]
    fn what_cannot_be_opened_says_so_in_one_escaped_line() {
        let folder = tempfile::tempdir().unwrap();
        let missing = load(&folder.path().join("no\u{1b}[31m\nfile")).unwrap_err();
        assert!(matches!(missing, LoadError::Missing(_)));
        assert!(!missing.to_string().contains(char::is_control), "{missing:?}");
        assert!(matches!(load(folder.path()), Err(LoadError::Folder(_))));
        let large = folder.path().join("large");
        File::create(&large).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert!(matches!(load(&large), Err(LoadError::TooLarge(_))));
        assert!(load(Path::new("a\0b")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_read_says_so() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("closed");
        std::fs::write(&path, "words").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        // Permissions do not hold root back.
        if File::open(&path).is_err() {
            assert!(matches!(load(&path), Err(LoadError::Forbidden(_))));
        }
    }

    #[test]
    fn standard_input_is_asked_for_once() {
        let twice = [PathBuf::from("-"), PathBuf::from("x"), PathBuf::from("-")];
        assert!(matches!(load_all(&twice), Err(LoadError::StandardInputTwice)));
    }

    #[test]
    fn on_a_screen_only_files_are_read() {
        let paths = |name: &str| vec![PathBuf::from(name)];
        assert!(matches!(load_files(&paths("-")), Err(LoadError::NoFile(_))));
        assert!(matches!(load_files(&paths("/dev/null")), Err(LoadError::NoFile(_))));
        assert!(matches!(load_files(&paths("no such file")), Err(LoadError::Missing(_))));
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(load_files(&[folder.path().into()]), Err(LoadError::Folder(_))));
        let file = folder.path().join("file");
        std::fs::write(&file, "words").unwrap();
        assert_eq!(load_files(&[file]).unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_at_all_are_a_document_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Format::Text(charset) = recognise(&bytes) {
                prop_assert!(!decode(bytes, charset).contains('\r'));
            }
        }
    }
}
