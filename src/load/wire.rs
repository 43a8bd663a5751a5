//! What the process that reads is asked, and what it says: both as bytes on a pipe.

use std::io::{self, Read, Write};

/// Bytes of the longest page, and of what is said about one.
const LONGEST: u64 = 1 << 30;

/// The formats that are read apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    Pdf,
    Docx,
    /// Its text is UTF-8 already.
    Html,
}

/// One thing that was read, in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// How many pages there are; 0 where the format has none, and then one text follows.
    Pages(u32),
    Text(String),
    /// A page without text that shows a picture.
    Picture,
    /// A page of few words, most of which a picture covers.
    Stamped(String),
    /// A page that shows something, and no words.
    Wordless,
    /// The document is damaged, and what came is what stands before that.
    Cut,
    /// A page that could not be read. Why is not told: what a library says of a page may be of its text.
    Unreadable,
    Failed(Trouble),
    Done,
}

/// Why nothing of a document can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    Password,
    Damaged(String),
}

pub fn ask(to: &mut impl Write, format: Foreign, from: u32, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&[format as u8])?;
    to.write_all(&from.to_le_bytes())?;
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

/// The next question, or nothing where there is no more.
pub fn asked(from: &mut impl Read) -> Option<(Foreign, u32, Vec<u8>)> {
    let format = match number::<1>(from).ok()? {
        [0] => Foreign::Pdf,
        [1] => Foreign::Docx,
        [2] => Foreign::Html,
        _ => return None,
    };
    let page = u32::from_le_bytes(number(from).ok()?);
    let length = usize::try_from(u64::from_le_bytes(number(from).ok()?)).ok()?;
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).ok()?;
    Some((format, page, bytes))
}

impl Part {
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let number;
        let (tag, bytes): (u8, &[u8]) = match self {
            Part::Pages(pages) => {
                number = pages.to_le_bytes();
                (0, &number)
            }
            Part::Text(text) => (1, text.as_bytes()),
            Part::Picture => (2, &[]),
            Part::Unreadable => (3, &[]),
            Part::Failed(Trouble::Password) => (4, &[]),
            Part::Failed(Trouble::Damaged(what)) => (5, what.as_bytes()),
            Part::Done => (6, &[]),
            Part::Stamped(text) => (7, text.as_bytes()),
            Part::Wordless => (8, &[]),
            Part::Cut => (9, &[]),
        };
        to.write_all(&[tag])?;
        to.write_all(&(bytes.len() as u64).to_le_bytes())?;
        to.write_all(bytes)?;
        to.flush()
    }

    /// Memory grows with what comes, not with what is announced.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        let odd = || io::Error::from(io::ErrorKind::InvalidData);
        let [tag] = number(from)?;
        let length = u64::from_le_bytes(number(from)?);
        if length > LONGEST {
            return Err(odd());
        }
        let mut bytes = Vec::new();
        if from.take(length).read_to_end(&mut bytes)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if tag == 0 {
            return Ok(Part::Pages(u32::from_le_bytes(bytes.try_into().map_err(|_| odd())?)));
        }
        let text = String::from_utf8(bytes).map_err(|_| odd())?;
        match tag {
            1 => Ok(Part::Text(text)),
            2 => Ok(Part::Picture),
            3 => Ok(Part::Unreadable),
            4 => Ok(Part::Failed(Trouble::Password)),
            5 => Ok(Part::Failed(Trouble::Damaged(text))),
            6 => Ok(Part::Done),
            7 => Ok(Part::Stamped(text)),
            8 => Ok(Part::Wordless),
            9 => Ok(Part::Cut),
            _ => Err(odd()),
        }
    }
}

fn number<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let parts = [
            Part::Pages(2000),
            Part::Text("wörter".into()),
            Part::Picture,
            Part::Stamped("page 1".into()),
            Part::Wordless,
            Part::Cut,
            Part::Unreadable,
            Part::Failed(Trouble::Password),
            Part::Failed(Trouble::Damaged("what".into())),
            Part::Done,
        ];
        for part in parts {
            let mut bytes = Vec::new();
            part.write(&mut bytes).unwrap();
            assert_eq!(Part::read(&mut bytes.as_slice()).unwrap(), part);
        }
        let mut bytes = Vec::new();
        ask(&mut bytes, Foreign::Html, 7, b"page").unwrap();
        assert_eq!(asked(&mut bytes.as_slice()), Some((Foreign::Html, 7, b"page".to_vec())));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_part_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Part::read(&mut bytes.as_slice());
        }
    }
}
