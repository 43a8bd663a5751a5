//! Documents of every format as the whole program reads them: PDF, Word and HTML in a process of its own.

#![allow(clippy::unwrap_used)] // Also the helpers here are tests.

use std::path::{Path, PathBuf};

use minions::document::Document;
use minions::load::{LoadError, Loaded, Loader, Progress};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents").join(name)
}

fn load(paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    Loader::new(env!("CARGO_BIN_EXE_minions").into(), &mut |_: &Progress| true).load(paths)
}

fn one(path: PathBuf) -> (Document, Vec<String>) {
    let mut loaded = load(&[path]).unwrap();
    (loaded.documents.remove(0), loaded.remarks)
}

#[cfg(feature = "pdf")]
#[test]
fn a_pdf_keeps_its_pages_and_rows_and_says_what_is_a_picture() {
    let (document, remarks) = one(fixture("report.pdf"));
    assert_eq!(document.pages.len(), 3);
    let row = document.text.lines().find(|line| line.contains("North")).unwrap();
    assert!(row.contains("1,234") && row.contains("1,300"), "{row}");
    let at = document.text.find("Total assets").unwrap();
    assert_eq!(document.page_of(at), Some(3));
    assert!(remarks.len() == 1 && remarks[0].contains("page 2:") && remarks[0].contains("picture"), "{remarks:?}");
    // One without a password to open it is no protected one.
    assert_eq!(one(fixture("owner-only.pdf")).0.text, document.text);
}

#[cfg(feature = "pdf")]
#[test]
fn a_document_is_read_the_same_however_much_goes_on_beside() {
    let once = one(fixture("report.pdf"));
    let readers: Vec<_> = (0..24).map(|_| std::thread::spawn(|| one(fixture("report.pdf")))).collect();
    for reader in readers {
        let (document, remarks) = reader.join().unwrap();
        assert_eq!((document.text, remarks), (once.0.text.clone(), once.1.clone()));
    }
}

#[cfg(feature = "pdf")]
#[test]
fn a_pdf_that_cannot_be_read_says_why() {
    let why = |name: &str| load(&[fixture(name)]).unwrap_err();
    assert!(matches!(why("locked.pdf"), LoadError::Password(_)));
    assert!(matches!(why("scanned.pdf"), LoadError::Scanned(_)));
    let cut_short = why("cut-short.pdf");
    assert!(matches!(cut_short, LoadError::Damaged { .. }), "{cut_short:?}");
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("a.pdf", &b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"[..]),
        ("b.pdf", b"%PDF-"),
        ("c.pdf", &[b'%', b'P', b'D', b'F', b'-', 0xff]),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        assert!(load(&[path]).is_err(), "{name}");
    }
}

/// A file of these objects, numbered from 1, with the table of where they stand.
#[cfg(feature = "pdf")]
fn pdf(objects: &[String]) -> Vec<u8> {
    use std::fmt::Write;
    let (mut file, mut table) = (String::from("%PDF-1.4\n"), String::from("0000000000 65535 f \n"));
    for (at, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{} 0 obj\n{object}\nendobj\n", at + 1).unwrap();
    }
    let (size, at) = (objects.len() + 1, file.len());
    write!(file, "xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n").unwrap();
    file.into_bytes()
}

#[cfg(feature = "pdf")]
fn stream(of: &str, content: &str) -> String {
    format!("<<{of}/Length {}>>\nstream\n{content}\nendstream", content.len())
}

/// Three pages, the second of which has this as its content.
#[cfg(feature = "pdf")]
fn three_pages(contents: &str, second: String) -> Vec<u8> {
    let page = |contents: &str| {
        format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {contents}\
             /Resources<</Font<</F 6 0 R>>/XObject<</I 7 0 R>>>>>>"
        )
    };
    let words =
        |page: &str| stream("", &format!("BT /F 12 Tf 50 700 Td (The harvest of {page} was 12,340 tonnes.) Tj ET"));
    pdf(&[
        "<</Type/Catalog/Pages 2 0 R>>".into(),
        "<</Type/Pages/Count 3/Kids[3 0 R 4 0 R 5 0 R]>>".into(),
        page("8 0 R"),
        page(contents),
        page("9 0 R"),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".into(),
        stream("/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8", "x"),
        words("one"),
        words("three"),
        second,
    ])
}

#[cfg(feature = "pdf")]
#[test]
fn a_page_of_a_pdf_whose_words_are_lost_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let read = |bytes: Vec<u8>| {
        let path = folder.path().join("a.pdf");
        std::fs::write(&path, bytes).unwrap();
        one(path)
    };
    let words = |page: &str| format!("BT /F 12 Tf 50 700 Td ({page}) Tj ET");
    let stamp = |words: &str| format!("q 600 0 0 800 0 0 cm /I Do Q BT /F 12 Tf 50 20 Td ({words}) Tj ET");
    let garbage: String = (0..300u32).map(|at| char::from(33 + (at * 71 % 90) as u8)).collect();
    for (contents, second, told) in [
        ("10 0 R", stream("", &words("Words enough.")), None),
        ("10 0 R", stream("", "q Q"), None),
        ("10 0 R", stream("/Filter/FlateDecode", &garbage), Some("could not be read")),
        ("99 0 R", "null".into(), Some("could not be read")),
        ("[99 0 R]", "null".into(), Some("could not be read")),
        ("10 0 R", stream("", "0 0 m 100 100 l S"), Some("no words")),
        ("10 0 R", stream("", &stamp("Page 2 of 3")), Some("mostly pictures")),
        ("10 0 R", stream("", &stamp(&"many words ".repeat(12))), None),
        ("10 0 R", stream("", "q 600 0 0 800 0 0 cm /I Do Q"), Some("only pictures")),
    ] {
        let (document, remarks) = read(three_pages(contents, second.clone()));
        assert_eq!(document.pages.len(), 3, "{second}");
        assert!(document.text.contains("of one was") && document.text.contains("of three was"), "{second}");
        match told {
            None => assert_eq!(remarks, [] as [String; 0], "{second}"),
            Some(told) => assert!(
                remarks.len() == 1 && remarks[0].contains("page 2:") && remarks[0].contains(told),
                "{second}: {remarks:?}"
            ),
        }
        assert_eq!(document.text.contains("Page 2 of 3"), second.contains("Page 2 of 3"), "what can be read is kept");
    }
    // Cut off within the second page's content, whose third page's stands before it.
    let whole = three_pages("10 0 R", stream("", &words("Words enough.").repeat(30)));
    let (document, remarks) = read(whole[..whole.len() * 2 / 3].to_vec());
    assert!(document.text.contains("of one was") && document.text.contains("of three was"), "{}", document.text);
    assert!(
        remarks.len() == 1 && remarks[0].contains("page 2:") || document.text.contains("Words enough"),
        "{remarks:?}"
    );
}

#[cfg(feature = "pdf")]
#[test]
fn whatever_is_wrong_within_a_pdf_is_an_error_or_a_document() {
    let whole = std::fs::read(fixture("report.pdf")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for at in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x15;
        bytes.swap(at, whole.len() - 1 - at);
        let path = folder.path().join(format!("{at}.pdf"));
        std::fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    let died = paths.into_iter().filter_map(|path| match load(&[path]) {
        Err(LoadError::Apart { what, .. }) => Some(what),
        _ => None,
    });
    assert_eq!(died.collect::<Vec<_>>(), [] as [String; 0], "nothing here is so bad that the process ends");
}

#[test]
fn html_and_word_are_read_apart_and_one_that_is_broken_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write(
        "a.html",
        b"<!doctype html><title>T</title><h2>Costs</h2><table><tr><th>Year<th>Cost<tr><td>2019<td>5</table>",
    );
    write("b.docx", b"PK\x03\x04\x14\0\0\0\x08\0 word/document.xml is not here");
    write("c.htm", b"<p>words\x0c of c");
    write("d.txt", b"\n<!DOCTYPE html><p>a page");
    write("e.php", b"<?php echo 1; ?><html>");
    write("f.vue", b"<html>");
    let loaded = load(&[folder.path().into()]).unwrap();
    let texts: Vec<&str> = loaded.documents.iter().map(|document| &*document.text).collect();
    assert_eq!(
        texts,
        [
            "T\n\n## Costs\n\n| Year | Cost |\n| --- | --- |\n| 2019 | 5 |\n",
            "words of c\n",
            "a page\n",
            "<?php echo 1; ?><html>",
            "<html>"
        ]
    );
    assert!(loaded.remarks.len() == 1 && loaded.remarks[0].contains("b.docx"), "{:?}", loaded.remarks);
}

#[test]
fn a_reading_that_is_not_wanted_any_more_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.html");
    std::fs::write(&path, "<p>words").unwrap();
    let mut told = |_: &Progress| false;
    let read = Loader::new(env!("CARGO_BIN_EXE_minions").into(), &mut told).load(&[path]);
    assert!(matches!(read, Err(LoadError::Stopped)), "{read:?}");
}
