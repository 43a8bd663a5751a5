//! Text in any encoding.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::UTF_8;

use super::format::Charset;

/// UTF-8 without a byte order mark and with LF line ends: CRLF and lone CR are turned into LF.
pub fn decode(bytes: Vec<u8>, charset: Charset) -> String {
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

/// Whether such a text is its bytes as they are.
pub fn stays(bytes: &[u8], charset: &Charset) -> bool {
    matches!(charset, Charset::Known(encoding) if *encoding == UTF_8)
        && !bytes.starts_with(b"\xef\xbb\xbf")
        && memchr::memchr(b'\r', bytes).is_none()
}

fn decode_utf32(bytes: &[u8], big_endian: bool) -> String {
    let (units, _) = bytes.as_chunks::<4>();
    let code = |unit: &[u8; 4]| if big_endian { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) };
    units.iter().map(|unit| char::from_u32(code(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
