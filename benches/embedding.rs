//! How many texts a second the embedding engine reads, through the whole of it: its process, its windows, the cache.
//!
//! `cargo bench --bench embedding -- --model M.gguf` prints one JSON object; a model of a true size with random weights comes
//! from `scripts/tiny-gguf --embedding --shape 33m`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use minions::config::LocalConfig;
use minions::local::Embedder;
use serde_json::json;

const TEXT: &str = include_str!("../src/commands/samples/opm-annual-performance-report-fy2019.txt");

#[derive(Parser)]
struct Options {
    #[arg(long)]
    model: PathBuf,
    #[arg(long, default_value_t = 64)]
    texts: usize,
    #[arg(long, default_value_t = 0)]
    threads: u32,
    #[arg(long, default_value_t = -1)]
    gpu_layers: i32,
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let config = LocalConfig {
        embedding_model: options.model.display().to_string(),
        threads: options.threads,
        gpu_layers: options.gpu_layers,
        ..LocalConfig::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut report = json!({ "texts": options.texts });
    for characters in [200, 1000, 3000] {
        let texts = texts(options.texts, characters);
        let mut times = Vec::new();
        let mut again = Duration::ZERO;
        for _ in 0..options.runs.max(1) {
            let timed = async {
                let program = PathBuf::from(env!("CARGO_BIN_EXE_minions"));
                let embedder = Embedder::start(&config, &program, None).await?.ok_or("no model is named")?;
                let query = vec!["What did the agency achieve?".to_owned()];
                // Once the query is embedded the model is loaded.
                embedder.compare(&query, &query).await?;
                let begun = Instant::now();
                embedder.compare(&query, &texts).await?;
                let first = begun.elapsed();
                embedder.compare(&query, &texts).await?;
                Ok::<_, Box<dyn std::error::Error>>((first, begun.elapsed() - first))
            };
            let (first, second) = runtime.block_on(timed)?;
            times.push(first);
            again = second;
        }
        times.sort();
        let median = times[times.len() / 2].as_secs_f64();
        report[format!("{characters}_characters")] = json!({
            "texts_per_s": options.texts as f64 / median,
            "seconds": median,
            "again_from_the_cache_s": again.as_secs_f64(),
        });
    }
    println!("{report:#}");
    Ok(())
}

/// Different texts of so many bytes at least, each beginning at another place of the sample.
fn texts(count: usize, bytes: usize) -> Vec<String> {
    let boundary = |at: usize| (at..TEXT.len()).find(|at| TEXT.is_char_boundary(*at)).unwrap_or(TEXT.len());
    let step = (TEXT.len() - bytes) / count.max(1);
    (0..count).map(|at| TEXT[boundary(at * step)..boundary(at * step + bytes)].to_owned()).collect()
}
