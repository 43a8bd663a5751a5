//! What common embedding models want before queries and before chunks. Their files do not tell; their makers' pages do.

use crate::config::{AUTO, LocalConfig};

/// Words before a query, and before a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefixes {
    pub query: String,
    pub document: String,
}

/// A part of a name in small letters, and the prefixes of models that are called so. The first that fits counts.
const KNOWN: &[(&str, &str, &str)] = &[
    ("nomic-embed", "search_query: ", "search_document: "),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
    ("embedding-gemma", "task: search result | query: ", "title: none | text: "),
    ("qwen3-embedding", INSTRUCT_TIGHT, ""),
    ("e5-mistral", INSTRUCT, ""),
    ("e5-large-instruct", INSTRUCT, ""),
    ("e5-", "query: ", "passage: "),
    ("arctic-embed-l-v2", "query: ", ""),
    ("arctic-embed-m-v2", "query: ", ""),
    ("arctic-embed", REPRESENT, ""),
    ("mxbai-embed", REPRESENT, ""),
    ("bge-small-en", REPRESENT, ""),
    ("bge-base-en", REPRESENT, ""),
    ("bge-large-en", REPRESENT, ""),
];

const INSTRUCT: &str = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ";
const INSTRUCT_TIGHT: &str =
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:";
const REPRESENT: &str = "Represent this sentence for searching relevant passages: ";

impl Prefixes {
    /// Those of the settings, and where these say `auto` those of models of one of these names.
    pub fn of(config: &LocalConfig, names: &[&str]) -> Self {
        let plain = |name: &str| name.to_lowercase().replace([' ', '_'], "-");
        let known = names.iter().map(|name| plain(name)).find_map(|name| {
            KNOWN.iter().find(|(part, ..)| name.contains(part)).map(|(_, query, document)| (*query, *document))
        });
        let (query, document) = known.unwrap_or(("", ""));
        let or = |set: &str, known: &str| if set == AUTO { known.to_owned() } else { set.to_owned() };
        Self {
            query: or(&config.embedding_query_prefix, query),
            document: or(&config.embedding_document_prefix, document),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_models_are_known_by_the_names_of_their_files() {
        let config = LocalConfig::default();
        let prefixes = |name: &str| {
            let Prefixes { query, document } = Prefixes::of(&config, &[name]);
            (query, document)
        };
        let both = |query: &str, document: &str| (query.to_owned(), document.to_owned());
        assert_eq!(prefixes("nomic-embed-text-v1.5.Q8_0"), both("search_query: ", "search_document: "));
        assert_eq!(prefixes("multilingual-e5-small-f16"), both("query: ", "passage: "));
        assert!(prefixes("Multilingual_E5_large_instruct").0.starts_with("Instruct: "));
        assert!(prefixes("Qwen3-Embedding-0.6B-Q8_0").0.ends_with("\nQuery:"));
        assert_eq!(prefixes("bge-small-en-v1.5-q8_0"), both(REPRESENT, ""));
        assert_eq!(prefixes("snowflake-arctic-embed-l-v2.0"), both("query: ", ""));
        assert_eq!(prefixes("bge-m3"), both("", ""));
    }

    #[test]
    fn the_models_own_name_counts_where_its_file_is_called_otherwise_and_a_setting_counts_first() {
        let config = LocalConfig { embedding_document_prefix: String::new(), ..LocalConfig::default() };
        let prefixes = Prefixes::of(&config, &["model", "Nomic Embed Text v1.5"]);
        assert_eq!((prefixes.query.as_str(), prefixes.document.as_str()), ("search_query: ", ""));
    }
}
