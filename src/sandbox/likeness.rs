//! What a program may ask its parent while it runs: how alike texts are in meaning. The child has no model and no way to one.
//!
//! The child is untrusted: how much it asks is bounded by number, bytes and time, and it learns nothing but numbers about
//! texts that it has itself.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::time::timeout;

/// The most that one question may hold: queries, chunks, pairs of both, bytes of text.
pub const QUERIES: usize = 256;
pub const CHUNKS: usize = 1 << 16;
pub const PAIRS: usize = 1 << 20;
pub const BYTES: usize = 32 << 20;
/// Questions of one program that are answered.
const QUESTIONS: u32 = 256;

/// Queries, and the chunks that each is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub queries: Vec<String>,
    pub chunks: Vec<String>,
}

/// For each query the cosine of its angle to each chunk; NaN where a text says nothing.
pub type Likenesses = Vec<Vec<f32>>;

/// Whether as much may be asked at once.
pub fn fits(queries: &[impl AsRef<str>], chunks: &[impl AsRef<str>]) -> bool {
    fn bytes(texts: &[impl AsRef<str>]) -> usize {
        texts.iter().map(|text| text.as_ref().len()).fold(0, usize::saturating_add)
    }
    queries.len() <= QUERIES
        && chunks.len() <= CHUNKS
        && queries.len().saturating_mul(chunks.len()) <= PAIRS
        && bytes(queries).saturating_add(bytes(chunks)) <= BYTES
}

/// Tells how alike texts are. Dropping the future of [`compare`](Self::compare) stops the work.
pub trait Likeness: Send + Sync {
    /// The error is a sentence that holds nothing of the texts.
    fn compare(&self, question: Question) -> BoxFuture<'_, Result<Likenesses, String>>;

    /// How long one program may wait for all it asks.
    fn patience(&self) -> Duration;

    /// A question got no answer, for this reason; the program went on by words alone.
    fn failed(&self, why: String);
}

/// The parent's answers to one program.
pub struct Answers<'a> {
    likeness: &'a dyn Likeness,
    patience: Duration,
    questions: u32,
}

impl<'a> Answers<'a> {
    pub fn new(likeness: &'a dyn Likeness) -> Self {
        Self { likeness, patience: likeness.patience(), questions: 0 }
    }

    /// Nothing where there is no answer; that it failed has been told then.
    pub async fn to(&mut self, question: Question) -> Option<Likenesses> {
        self.questions = self.questions.saturating_add(1);
        if self.questions > QUESTIONS {
            self.likeness.failed(format!("the program asked for embeddings more than {QUESTIONS} times"));
            return None;
        }
        let (queries, chunks) = (question.queries.len(), question.chunks.len());
        let begun = Instant::now();
        let answer = timeout(self.patience, self.likeness.compare(question)).await;
        self.patience = self.patience.saturating_sub(begun.elapsed());
        let why = match answer {
            Ok(Ok(answer)) if answer.len() == queries && answer.iter().all(|row| row.len() == chunks) => {
                return Some(answer);
            }
            Ok(Ok(_)) => "the embedding model compared other texts than were asked for; please report it".into(),
            Ok(Err(why)) => why,
            Err(_) => format!(
                "{chunks} chunks were not embedded within the {} s that a program may wait; raise \
                 local.embedding_timeout_s, or take a smaller local.embedding_model",
                self.likeness.patience().as_secs()
            ),
        };
        self.likeness.failed(why);
        None
    }

    /// The program wanted to ask more than [`fits`].
    pub fn too_much(&self) {
        self.likeness.failed(format!(
            "the program wanted more compared at once than is embedded: at most {QUERIES} queries, {CHUNKS} chunks, {PAIRS} \
             pairs and {} MB of text",
            BYTES >> 20
        ));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Answers as its queries say, and keeps what it was told.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Likeness for Told {
        fn compare(&self, question: Question) -> BoxFuture<'_, Result<Likenesses, String>> {
            Box::pin(async move {
                match question.queries[0].as_str() {
                    "fail" => Err("no model".into()),
                    "hang" => std::future::pending().await,
                    "short" => Ok(Vec::new()),
                    _ => Ok(vec![vec![0.5; question.chunks.len()]; question.queries.len()]),
                }
            })
        }

        fn patience(&self) -> Duration {
            Duration::from_millis(30)
        }

        fn failed(&self, why: String) {
            self.0.lock().unwrap().push(why);
        }
    }

    async fn answer(answers: &mut Answers<'_>, query: &str) -> Option<Likenesses> {
        answers.to(Question { queries: vec![query.into()], chunks: vec!["a".into(), "b".into()] }).await
    }

    #[tokio::test]
    async fn every_question_without_an_answer_is_told() {
        let told = Told::default();
        let mut answers = Answers::new(&told);
        assert_eq!(answer(&mut answers, "good").await, Some(vec![vec![0.5, 0.5]]));
        for query in ["fail", "short", "hang", "hang"] {
            assert_eq!(answer(&mut answers, query).await, None);
        }
        answers.too_much();
        let told = told.0.into_inner().unwrap();
        let words = ["no model", "other texts", "not embedded within", "not embedded within", "more compared at once"];
        assert_eq!(told.len(), words.len());
        for (told, words) in told.iter().zip(words) {
            assert!(told.contains(words), "{told}");
        }
    }

    #[tokio::test]
    async fn no_program_is_answered_without_end() {
        let told = Told::default();
        let mut answers = Answers::new(&told);
        for _ in 0..QUESTIONS {
            assert!(answer(&mut answers, "good").await.is_some());
        }
        assert!(answer(&mut answers, "good").await.is_none());
    }

    #[test]
    fn what_may_be_asked_at_once_is_bounded_each_way() {
        let texts = |count: usize| vec![String::new(); count];
        assert!(fits(&texts(QUERIES), &texts(PAIRS / QUERIES)));
        assert!(!fits(&texts(QUERIES + 1), &texts(1)));
        assert!(!fits(&texts(1), &texts(CHUNKS + 1)));
        assert!(!fits(&texts(QUERIES), &texts(PAIRS / QUERIES + 1)));
        assert!(!fits(&texts(1), &["x".repeat(BYTES + 1)]));
    }
}
