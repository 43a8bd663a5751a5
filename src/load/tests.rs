//! What is read of files, folders and standard input.

use proptest::prelude::*;

use super::*;

fn load_bytes(bytes: &[u8]) -> Result<Document, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    load(&path)
}

/// Formats that are read apart are tested with the whole program.
fn load(path: &Path) -> Result<Document, LoadError> {
    let mut told = |_: &Progress| true;
    Loader::new("no program".into(), &mut told).load_one(path)
}

fn load_all(paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    Loader::new("no program".into(), &mut |_| true).load(paths)
}

fn load_files(paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    Loader::new("no program".into(), &mut |_| true).load_files(paths)
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
fn what_is_not_as_it_was_in_the_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    let utf32 = |unit: fn(u32) -> [u8; 4]| "Größe 😀\n".chars().flat_map(|c| unit(c.into())).collect::<Vec<u8>>();
    for (bytes, text, told) in [
        (GERMAN.as_bytes().to_vec(), GERMAN.to_owned(), None),
        (
            [GERMAN.as_bytes(), b"caf\xe9 \xff\n"].concat(),
            format!("{GERMAN}caf\u{fffd} \u{fffd}\n"),
            Some("2 bytes are no UTF-8"),
        ),
        (encoding_rs::WINDOWS_1252.encode(GERMAN).0.into_owned(), GERMAN.to_owned(), Some("read as windows-1252")),
        ([GERMAN.as_bytes(), b"\0"].concat(), GERMAN.to_owned(), Some("1 byte is zero")),
        (utf32(u32::to_le_bytes), "Größe 😀\n".into(), None),
        (utf32(u32::to_be_bytes), "Größe 😀\n".into(), None),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let loaded = load_all(std::slice::from_ref(&path)).unwrap();
        assert_eq!(&*loaded.documents[0].text, text);
        match told {
            None => assert_eq!(loaded.remarks, [] as [String; 0]),
            Some(told) => {
                assert!(loaded.remarks.len() == 1 && loaded.remarks[0].contains(told), "{:?}", loaded.remarks)
            }
        }
    }
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
    let late = [b"plain words ".repeat(200), (0..=255).collect::<Vec<u8>>().repeat(20)].concat();
    for (bytes, what) in [
        (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "a picture"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "an archive"),
        (b"{\\rtf1\\ansi text}", "a rich text document"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "a program"),
        (&late, "a binary file of no format it knows"),
    ] {
        let error = load_bytes(bytes).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
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
    assert!(matches!(load(folder.path()), Err(LoadError::EmptyFolder(_))));
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
    let file = folder.path().join("file");
    std::fs::write(&file, "words").unwrap();
    assert_eq!(load_files(&[file]).unwrap().documents.len(), 1);
    assert_eq!(load_files(&[folder.path().into()]).unwrap().documents.len(), 1);
}

proptest! {
    #[test]
    fn any_bytes_at_all_are_a_document_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Format::Text(charset, _) = recognise(&bytes, "") {
            prop_assert!(!text::decode(bytes, charset).text.contains('\r'));
        }
    }
}

#[test]
fn a_folder_is_its_documents_and_what_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("papers");
    std::fs::create_dir_all(root.join("a")).unwrap();
    for (name, bytes) in
        [("a/x.txt", &b"one"[..]), ("b.csv", b"h\n\"1\n2\""), ("c.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")]
    {
        std::fs::write(root.join(name), bytes).unwrap();
    }
    let loaded = load_all(&[root.clone(), root.join("a/x.txt"), root.join("a/x.txt")]).unwrap();
    let names: Vec<&str> = loaded.documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["papers/a/x.txt", "papers/b.csv", "x.txt", "a/x.txt"]);
    assert_eq!(&*loaded.documents[1].text, "h\n\"1 2\"");
    assert!(loaded.remarks.len() == 1 && loaded.remarks[0].contains("a picture"), "{:?}", loaded.remarks);
}

#[test]
fn a_page_of_html_is_decoded_as_it_says() {
    let page = "<html><meta charset=\"koi8-r\"><p>Отчёт о продажах</html>";
    let bytes = encoding_rs::KOI8_R.encode(page).0.into_owned();
    match recognise(&bytes, "page.html") {
        Format::Text(charset, Kind::Html) => assert_eq!(text::decode(bytes, charset).text, page),
        _ => panic!("no HTML"),
    }
}

#[test]
fn reading_stops_when_nobody_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.txt");
    std::fs::write(&path, "words").unwrap();
    assert!(matches!(Loader::new("no program".into(), &mut |_| false).load(&[path]), Err(LoadError::Stopped)));
}

#[test]
fn pages_that_cannot_be_read_are_named_and_keep_their_number() {
    let texts = ["one\u{c}\r\n".to_owned(), String::new(), "three".to_owned()];
    let document = paged("d".into(), &texts);
    assert_eq!(&*document.text, "one\n\u{c}\n\u{c}three\n");
    assert_eq!(document.pages, [0, 5, 7]);
    assert_eq!(listed(&[3, 5, 6, 7]), "pages 3, 5–7:");
    assert_eq!(listed(&[3]), "page 3:");
}

#[test]
fn what_is_kept_of_a_file_is_its_own_length_and_hash_however_its_text_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("a.txt", GERMAN.as_bytes().to_vec()),
        ("b.txt", [b"\xef\xbb\xbf", GERMAN.as_bytes()].concat()),
        ("c.txt", GERMAN.replace('\n', "\r\n").into_bytes()),
        ("d.txt", utf16(GERMAN, true, u16::to_le_bytes)),
        ("e.csv", b"a,\"two\nlines\"\n".to_vec()),
        ("f.json", format!("[\"{}\"]", "x, ".repeat(900)).into_bytes()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let source = load(&path).unwrap().source.unwrap();
        let hash = document::DocumentHash::of_bytes(&bytes);
        assert_eq!((source.hash.get(), source.bytes), (hash, bytes.len() as u64), "{name}");
        assert_eq!(change_of(&source), None, "{name}");
    }
}
