//! Tables as comma-separated values (RFC 4180): the text stays as it is, but for line ends within quotes, so that a row is a line.

/// A quotation that is longer than this has lost its end.
const LONGEST: usize = 64 << 10;

/// Blanks in the place of line ends within quotes. A quotation without an end leaves the rest as it is.
pub fn rows_as_lines(text: String) -> String {
    if !text.contains('"') {
        return text;
    }
    let mut bytes = text.into_bytes();
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'"', &bytes[at..]).map(|found| at + found) {
        // Quotes that stand within a value do not open one.
        let opens = open == 0 || matches!(bytes[open - 1], b',' | b';' | b'\t' | b'|' | b'\n');
        if !opens {
            at = open + 1;
            continue;
        }
        let Some(close) = closing(&bytes, open + 1) else {
            at = open + 1;
            continue;
        };
        bytes[open..close].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\x0c')).for_each(|byte| *byte = b' ');
        at = close + 1;
    }
    // One ASCII byte was put in the place of another.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Where the quotation ends: at a quote that is not doubled.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let end = bytes.len().min(from.saturating_add(LONGEST));
    loop {
        let quote = at + memchr::memchr(b'"', bytes.get(at..end)?)?;
        match bytes.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            _ => return Some(quote),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_line() {
        let told = |text: &str| rows_as_lines(text.to_owned());
        assert_eq!(
            told("a,b\n1,\"two\nlines \"\"and\"\" more\"\n2,x\n"),
            "a,b\n1,\"two lines \"\"and\"\" more\"\n2,x\n"
        );
        assert_eq!(told("a;b\n5\" pipe;c\n\"open\nnever"), "a;b\n5\" pipe;c\n\"open\nnever");
        assert_eq!(told("a,bolt 5 \"\nb,nut 6 \"\n"), "a,bolt 5 \"\nb,nut 6 \"\n");
        assert_eq!(told("\"ü\nö\",\"\"\nb"), "\"ü ö\",\"\"\nb");
        assert_eq!(told(""), "");
    }
}
