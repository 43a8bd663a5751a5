//! Text in any encoding.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, WINDOWS_874};

use super::format::Charset;

/// A text, and what is not as it was in the file.
pub struct Decoded {
    pub text: String,
    /// In a few words each.
    pub remarks: Vec<String>,
}

/// UTF-8 without a byte order mark and with LF line ends: CRLF and lone CR are turned into LF.
pub fn decode(bytes: Vec<u8>, charset: Charset) -> Decoded {
    let mut remarks = Vec::new();
    let text = match charset {
        Charset::Known(encoding) if encoding == UTF_8 => match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        },
        Charset::Known(encoding) => encoding.decode(&bytes).0.into_owned(),
        Charset::Utf32 { big_endian } => decode_utf32(&bytes, big_endian),
        Charset::Damaged => {
            let bad: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
            remarks.push(format!("{} no UTF-8; \u{fffd} stands there", counted(bad)));
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Charset::Guess => {
            let encoding = guess(&bytes);
            remarks.push(format!(
                "its encoding is not known; read as {}. Where letters are wrong, `iconv -f ENCODING -t UTF-8` turns the right \
                 one into UTF-8",
                encoding.name()
            ));
            encoding.decode(&bytes).0.into_owned()
        }
    };
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
    let zeros = memchr::memchr_iter(0, text.as_bytes()).count();
    if zeros == 0 {
        return Decoded { text, remarks };
    }
    remarks.push(format!("{} zero, and left out", counted(zeros)));
    Decoded { text: text.replace('\0', ""), remarks }
}

fn counted(bytes: usize) -> String {
    if bytes == 1 { "1 byte is".into() } else { format!("{bytes} bytes are") }
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// Whether a text that is no UTF-8 was meant to be. In other encodings few of the bytes beyond ASCII are characters of UTF-8 by
/// luck; in some for East Asia more.
pub fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 0 && (bad * 4 <= good || (bad <= good && guess(bytes).is_single_byte() && guess(bytes) != WINDOWS_874))
}

/// Whether such a text is its bytes as they are.
pub fn stays(bytes: &[u8], charset: &Charset) -> bool {
    matches!(charset, Charset::Known(encoding) if *encoding == UTF_8)
        && !bytes.starts_with(b"\xef\xbb\xbf")
        && memchr::memchr2(b'\r', 0, bytes).is_none()
}

fn decode_utf32(bytes: &[u8], big_endian: bool) -> String {
    let (units, _) = bytes.as_chunks::<4>();
    let code = |unit: &[u8; 4]| if big_endian { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) };
    units.iter().map(|unit| char::from_u32(code(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
