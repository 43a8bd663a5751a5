//! Recognises what a file is that should be a model and is none, from how it begins.

/// What the file is, and what to do; nothing where it begins as a GGUF file does.
pub fn recognise(start: &[u8], bytes: u64) -> Option<(&'static str, &'static str)> {
    const AGAIN: &str =
        "download the file itself; on huggingface.co its address has /resolve/ where the page has /blob/";
    const OTHER_FILE: &str = "get the model's .gguf file";
    if start.starts_with(b"GGUF") {
        return None;
    }
    let text = start.trim_ascii_start();
    Some(match start {
        [] => ("empty", "download or copy it again"),
        _ if text.starts_with(b"version https://git-lfs") => {
            ("the pointer that Git LFS leaves in place of a file", "fetch the file with `git lfs pull`, or download it")
        }
        _ if text.starts_with(b"<") => ("a web page", AGAIN),
        _ if is_safetensors(start, bytes) => {
            ("a model in safetensors format", "get its .gguf file, or make one with llama.cpp's convert_hf_to_gguf.py")
        }
        _ if start.starts_with(b"PK\x03\x04") => ("a zip archive or a PyTorch model", OTHER_FILE),
        _ if start.starts_with(b"\x1f\x8b") => ("a gzip archive", "unpack it with `gunzip`"),
        _ if start.starts_with(b"\x28\xb5\x2f\xfd") => ("a zstd archive", "unpack it with `zstd -d`"),
        _ if [b"lmgg", b"fmgg", b"tjgg", b"algg"].iter().any(|magic| start.starts_with(*magic)) => {
            ("in the GGML format that came before GGUF", "get a newer file of the model")
        }
        _ if text.starts_with(b"{") => ("a JSON text, perhaps what a server said in place of the file", AGAIN),
        _ if start.iter().all(|byte| *byte == 0) => ("zeros at its beginning", "download or copy it again"),
        _ if is_text(start) => ("a text, perhaps what a server said in place of the file", AGAIN),
        _ => ("something else", OTHER_FILE),
    })
}

/// The length of a JSON text, which follows.
fn is_safetensors(start: &[u8], bytes: u64) -> bool {
    let length = start.first_chunk().map(|length| u64::from_le_bytes(*length));
    length.is_some_and(|length| length < bytes) && start.get(8) == Some(&b'{')
}

fn is_text(start: &[u8]) -> bool {
    start.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..))
}
