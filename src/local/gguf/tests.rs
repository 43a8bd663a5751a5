//! Small GGUF files made in memory, and what is read of them.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;

/// A GGUF file in the making.
#[derive(Clone)]
pub struct Sample {
    version: u32,
    pairs: Vec<Vec<u8>>,
    tensors: Vec<Vec<u8>>,
    data: usize,
}

fn text_of(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

impl Sample {
    pub fn empty() -> Self {
        Self { version: 3, pairs: Vec::new(), tensors: Vec::new(), data: 0 }
    }

    /// A model of two layers that says all of itself.
    pub fn model() -> Self {
        Self::empty()
            .text("general.architecture", "llama")
            .text("general.name", "Tiny")
            .number("general.file_type", 15)
            .number("llama.context_length", 131_072)
            .number("llama.block_count", 2)
            .number("llama.embedding_length", 64)
            .number("llama.attention.head_count", 8)
            .number("llama.attention.head_count_kv", 2)
            .text("tokenizer.chat_template", "{{ messages }}")
            .texts("tokenizer.ggml.tokens", &["<s>", "a", "b"])
            .tensor("token_embd.weight", &[64, 3], 0)
            .tensor("blk.0.attn_q.weight", &[256, 2], 12)
    }

    fn pair(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.pairs.push([&text_of(key), &kind.to_le_bytes()[..], value].concat());
        self
    }

    pub fn text(self, key: &str, value: &str) -> Self {
        self.pair(key, 8, &text_of(value))
    }

    pub fn number(self, key: &str, value: u32) -> Self {
        self.pair(key, 4, &value.to_le_bytes())
    }

    fn list(self, key: &str, kind: u32, values: &[Vec<u8>]) -> Self {
        let head = [&kind.to_le_bytes()[..], &(values.len() as u64).to_le_bytes()].concat();
        self.pair(key, 9, &[head, values.concat()].concat())
    }

    fn texts(self, key: &str, values: &[&str]) -> Self {
        self.list(key, 8, &values.iter().map(|value| text_of(value)).collect::<Vec<_>>())
    }

    fn numbers(self, key: &str, values: &[i32]) -> Self {
        self.list(key, 5, &values.iter().map(|value| value.to_le_bytes().to_vec()).collect::<Vec<_>>())
    }

    pub fn tensor(mut self, name: &str, dimensions: &[u64], kind: u32) -> Self {
        let mut tensor = text_of(name);
        tensor.extend((dimensions.len() as u32).to_le_bytes());
        dimensions.iter().for_each(|dimension| tensor.extend(dimension.to_le_bytes()));
        tensor.extend(kind.to_le_bytes());
        tensor.extend((self.data as u64).to_le_bytes());
        let (block, bytes) = kinds::tensor(kind).unwrap_or((1, 1));
        let elements: u64 = dimensions.iter().fold(1, |all, dimension| all.saturating_mul(*dimension));
        self.data += (elements.min(1 << 16).div_ceil(block) * bytes).next_multiple_of(32) as usize;
        self.tensors.push(tensor);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut file = b"GGUF".to_vec();
        file.extend(self.version.to_le_bytes());
        file.extend((self.tensors.len() as u64).to_le_bytes());
        file.extend((self.pairs.len() as u64).to_le_bytes());
        file.extend(self.pairs.concat());
        file.extend(self.tensors.concat());
        file.resize(file.len().next_multiple_of(32) + self.data, 0);
        file
    }
}

fn read_bytes(bytes: &[u8]) -> Result<GgufInfo, GgufError> {
    let reader = BufReader::with_capacity(64, Cursor::new(bytes));
    read_from(reader, bytes.len() as u64, Path::new("tiny.gguf"))
}

fn wrong(bytes: &[u8]) -> String {
    read_bytes(bytes).unwrap_err().to_string()
}

#[test]
fn a_model_is_read_from_its_header() {
    for version in [2, 3] {
        let bytes = Sample { version, ..Sample::model() }.bytes();
        let info = read_bytes(&bytes).unwrap();
        assert_eq!(
            info,
            GgufInfo {
                name: Some("Tiny".into()),
                architecture: "llama".into(),
                context_length: Some(131_072),
                file_type: Some("Q4_K_M".into()),
                chat_template: Some("{{ messages }}".into()),
                parameters: 64 * 3 + 256 * 2,
                tensor_bytes: 64 * 3 * 4 + 144 * 2,
                bytes: bytes.len() as u64,
                block_count: Some(2),
                embedding_length: Some(64),
                head_count: Some(8),
                head_count_kv: Some(2),
                heads_in_cache: Some(4),
                ..GgufInfo::default()
            }
        );
        // Two layers, two heads, eight numbers of a key and of a value, two bytes each.
        assert_eq!(info.kv_bytes_per_token(), Some(2 * 2 * (8 + 8) * 2));
    }
}

#[test]
fn the_cache_is_counted_by_the_layers_where_they_differ_and_by_the_lengths_where_they_are_given() {
    let sample = Sample::model()
        .numbers("llama.attention.head_count_kv", &[4, 0])
        .number("llama.attention.key_length", 16)
        .number("llama.attention.value_length", 8);
    let info = read_bytes(&sample.bytes()).unwrap();
    assert_eq!((info.head_count_kv, info.kv_bytes_per_token()), (Some(4), Some(4 * (16 + 8) * 2)));

    let silent = Sample::empty().text("general.architecture", "mamba").tensor("a", &[4], 0);
    assert_eq!(read_bytes(&silent.bytes()).unwrap().kv_bytes_per_token(), None);
    let negative = Sample::model().numbers("llama.attention.head_count_kv", &[4, -1]);
    assert_eq!(read_bytes(&negative.bytes()).unwrap().head_count_kv, Some(2));
    let huge = ["key_length", "value_length", "head_count_kv"];
    let huge = huge.iter().fold(Sample::model(), |sample, key| {
        sample.pair(&format!("llama.attention.{key}"), 10, &u64::MAX.to_le_bytes())
    });
    assert_eq!(read_bytes(&huge.bytes()).unwrap().kv_bytes_per_token(), None);
}

#[test]
fn numbers_of_another_architecture_are_not_taken_for_those_of_the_model() {
    let sample = Sample::model().number("clip.vision.block_count", 99).number("other.llama.block_count", 99);
    assert_eq!(read_bytes(&sample.bytes()).unwrap().block_count, Some(2));
}

#[test]
fn later_parts_of_a_split_file_need_not_say_what_they_are() {
    let sample = Sample::empty().number("split.no", 1).number("split.count", 3).tensor("a", &[32], 8);
    let info = read_bytes(&sample.bytes()).unwrap();
    assert_eq!((info.split, info.parameters), (Some(Split { part: 2, of: 3 }), 32));
    let first = Sample::empty().number("split.no", 0).number("split.count", 3);
    assert!(wrong(&first.bytes()).contains("does not name its architecture"));
}

#[test]
fn a_file_cut_at_any_place_says_that_it_is_cut_short() {
    let bytes = Sample::model().bytes();
    // The end is padding.
    for length in 4..bytes.len() - 32 {
        let said = wrong(&bytes[..length]);
        assert!(said.starts_with(&format!("\"tiny.gguf\" is cut short: it has {length} bytes")), "{length}: {said}");
        assert!(said.ends_with("; download or copy it again"), "{said}");
    }
    let said = wrong(&bytes[..bytes.len() - 100]);
    assert!(said.contains(&format!(" of at least {}", bytes.len())), "{said}");
}

#[test]
fn a_file_of_another_format_is_named_with_what_to_do() {
    let safetensors = [&9_u64.to_le_bytes()[..], b"{\"a\": {}}"].concat();
    let cases: &[(&[u8], &str, &str)] = &[
        (b"", "empty", "again"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS", "`git lfs pull`"),
        (b"\n<!DOCTYPE html><html>", "a web page", "/resolve/"),
        (&safetensors, "safetensors", "convert_hf_to_gguf.py"),
        (b"PK\x03\x04\x14\0\0\0", "a zip archive", ".gguf"),
        (b"\x1f\x8b\x08\0", "a gzip archive", "gunzip"),
        (b"tjgg\x03\0\0\0", "before GGUF", "newer"),
        (b"{\"error\": \"x\"}", "a JSON text", "/resolve/"),
        (b"Entry not found", "a text", "/resolve/"),
        (&[0; 700], "zeros", "again"),
        (&[1, 2, 3, 4, 5], "something else", ".gguf"),
        (b"GG", "a text", "/resolve/"),
    ];
    for (bytes, what, advice) in cases {
        let said = wrong(bytes);
        assert!(said.starts_with("\"tiny.gguf\" is ") && said.contains(what) && said.contains(advice), "{said}");
    }
}

#[test]
fn other_versions_and_machines_are_told() {
    for (version, said) in [(1, "newer file"), (4, "update minions"), (3_u32.swap_bytes(), "big-endian")] {
        assert!(wrong(&Sample { version, ..Sample::model() }.bytes()).contains(said), "{version}");
    }
}

#[test]
fn lengths_that_lie_are_errors_and_take_no_memory() {
    let lies = [
        Sample::empty().pair("tokenizer.chat_template", 8, &u64::MAX.to_le_bytes()),
        Sample::empty().pair("x", 8, &(1_u64 << 40).to_le_bytes()),
        Sample::empty().pair("x", 9, &[&8_u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat()),
        Sample::empty().pair("x", 9, &[&12_u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat()),
        Sample::empty().pair("a.block_count", 9, &[&4_u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat()),
    ];
    for lie in lies {
        assert!(wrong(&lie.bytes()).contains("cut short"));
    }
    let mut bytes = Sample::empty().bytes();
    bytes[8..24].fill(0xff);
    assert!(read_bytes(&bytes).is_err());
    let damaged = [
        (Sample::model().pair("x", 13, &[]), "unknown kind 13"),
        (Sample::model().number("general.alignment", 0), "alignment"),
        (Sample::model().number("general.alignment", 24), "alignment"),
        (Sample::model().tensor("a", &[1; 9], 0), "too many dimensions"),
        (Sample::model().tensor("a", &[u64::MAX, 2], 0), "larger than any file"),
        (Sample::model().pair("x", 9, &[9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0].repeat(8)), "too deep"),
    ];
    for (sample, said) in damaged {
        let told = wrong(&sample.bytes());
        assert!(told.contains("is damaged") && told.contains(said), "{told}");
    }
}

#[test]
fn what_came_after_this_version_is_no_error() {
    let sample = Sample::model().number("general.file_type", 999).tensor("a", &[256], 4000);
    assert_eq!(read_bytes(&sample.bytes()).unwrap().file_type.as_deref(), Some("type 999"));
    let guessed = Sample::model().number("general.file_type", 1024 + 7);
    assert_eq!(read_bytes(&guessed.bytes()).unwrap().file_type.as_deref(), Some("Q8_0"));
}

#[test]
fn what_is_no_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(folder.path()).unwrap_err().to_string().contains("a folder or a device"));
    assert!(read(&folder.path().join("no.gguf")).unwrap_err().to_string().starts_with("there is no file \""));
    let path = folder.path().join("a\u{1b}.gguf");
    fs::write(&path, Sample::model().bytes()).unwrap();
    assert_eq!(read(&path).unwrap().name.as_deref(), Some("Tiny"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = read_bytes(&bytes);
        let _ = read_bytes(&[b"GGUF\x03\0\0\0", &bytes[..]].concat());
    }

    #[test]
    fn a_model_with_any_bytes_changed_is_read_or_refused(changes: Vec<(prop::sample::Index, u8)>) {
        let mut bytes = Sample::model().bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read_bytes(&bytes);
    }
}
