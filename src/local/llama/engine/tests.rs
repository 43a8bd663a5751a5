//! What a job writes among others is what it writes alone; and what is planned for which device.

use std::path::Path;

use super::*;
use crate::protocol::prompts;

const OUTPUT: u32 = 64;
/// Of the spread of a model's likings: what the order of sums may change with weights of full precision.
const ROUNDING: f32 = 1e-3;

fn works() -> Vec<Work> {
    let mut works = Vec::new();
    for chunk in 0..5 {
        let sentence = |item: u64| format!("Item {item} of {chunk} brought {} dollars. ", item * 37 + chunk);
        let words: String = (0..12 + chunk).map(sentence).collect();
        for task in ["What did item 3 bring?", "Which item brought most?", "Is there a loss?"] {
            for sample in 0..2 {
                let parts = prompts::worker_parts(&words, task, "Quote the sentence.");
                works.push(Work {
                    id: works.len() as u64,
                    excerpt: parts.excerpt,
                    task: parts.task,
                    sample,
                    max_output_tokens: OUTPUT,
                });
            }
        }
    }
    works
}

/// The tokens that each job writes when `together` jobs are open at once.
fn written(engine: &mut Engine<'_>, works: &[Work], together: usize) -> Vec<Vec<LlamaToken>> {
    let mut written = vec![Vec::new(); works.len()];
    for works in works.chunks(together) {
        for work in works {
            engine.open(work.clone()).unwrap();
        }
        while !engine.scheduler.is_idle() {
            let step = engine.scheduler.plan(BATCH);
            let tells = engine.evaluate(&step).unwrap();
            engine.write(&tells);
            for (id, open) in &engine.jobs {
                written[*id as usize] = open.voice.tokens().to_vec();
            }
        }
    }
    written
}

/// How far below the best word that was allowed any of these words was, where the whole job is evaluated in one piece and in
/// a cache of its own; in parts of the spread of the model's likings.
fn furthest(engine: &mut Engine<'_>, work: &Work, tokens: &[LlamaToken]) -> f32 {
    let Parts { prefix, suffix, .. } = engine.prompts.parts(engine.model, work);
    let prompt = prefix.len() + suffix.len();
    let all: Vec<_> = prefix.iter().chain(&suffix).chain(tokens).copied().collect();
    engine.context.clear_kv_cache();
    let mut batch = LlamaBatch::new(all.len(), 1);
    for (index, token) in all.iter().enumerate() {
        batch.add(*token, index as i32, &[0], index + 1 >= prompt).unwrap();
    }
    engine.context.decode(&mut batch).unwrap();
    let mut voice = Voice::new(Constraint::new(LIMITS), 0.0, 0, OUTPUT as usize, None);
    let (words, spelling) = (&engine.words, &mut engine.spelling);
    let mut spell = |bytes: &[u8]| spelling.tokens(bytes, words);
    let mut index = voice.opening(words, &mut spell).len();
    assert!(index > 0, "every answer begins in the same way");
    let mut furthest = 0_f32;
    while let Some(token) = tokens.get(index) {
        let mut likings = engine.context.get_logits_ith((prompt - 1 + index) as i32).to_vec();
        let mean = likings.iter().sum::<f32>() / likings.len() as f32;
        let spread = (likings.iter().map(|one| (one - mean).powi(2)).sum::<f32>() / likings.len() as f32).sqrt();
        let best = voice.wish().of(&likings, words)[0].id();
        furthest = furthest.max((likings[best.0 as usize] - likings[token.0 as usize]) / spread);
        likings[token.0 as usize] = f32::MAX;
        let likeliest = voice.wish().of(&likings, words);
        let said = voice.say(likeliest, words, &mut spell).unwrap();
        assert_eq!(said, tokens[index..index + said.len()], "it was not allowed, or is not what has to follow");
        index += said.len();
    }
    furthest
}

#[test]
fn a_job_among_others_writes_what_it_writes_alone() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf"));
    let options = Options { model: path.to_owned(), ..Options::default() };
    super::super::backends::load();
    let mut backend = LlamaBackend::init().unwrap();
    backend.void_logs();
    let params = llama_cpp_2::model::params::LlamaModelParams::default();
    let model = LlamaModel::load_from_file(&backend, path, &params).unwrap();
    let works = works();
    let mut engine = Engine::of(&options, &backend, &model, capacity(&options, false)).unwrap();
    let among = written(&mut engine, &works, works.len());
    assert!(engine.scheduler.gauge().prompt_evaluated * 2 < engine.scheduler.gauge().prompt_asked);
    let alone = written(&mut Engine::of(&options, &backend, &model, capacity(&options, false)).unwrap(), &works, 1);
    // Where two words are as likely as each other, rounding decides between them, and all that follows may differ.
    let same = among.iter().zip(&alone).filter(|(among, alone)| among == alone).count();
    assert!(same * 2 > works.len(), "{same} of {}", works.len());

    let wide = LlamaContextParams::default().with_n_ctx(NonZeroU32::new(4096)).with_n_batch(4096);
    engine.context = model.new_context(&backend, wide).unwrap();
    for (work, tokens) in works.iter().zip(&among).chain(works.iter().zip(&alone)) {
        assert!(tokens.len() > 20, "{work:?}");
        let furthest = furthest(&mut engine, work, tokens);
        assert!(furthest < ROUNDING, "{furthest} of the spread, {work:?}");
    }
}

#[test]
fn many_jobs_are_planned_for_a_gpu_and_few_chunks_for_a_processor() {
    let (gpu, processor) = (capacity(&Options::default(), true), capacity(&Options::default(), false));
    assert!(gpu.sequences > processor.sequences && gpu.mixed > 0 && gpu.kept > 0);
    assert_eq!((processor.mixed, processor.kept), (0, 0));
    let asked = Options { parallel: 5, ..Options::default() };
    assert_eq!(capacity(&asked, true).sequences, capacity(&asked, false).sequences);
}
