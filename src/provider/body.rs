//! The bytes of a reply, with a limit on silence, on time in all, and on size.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// Bytes of one reply at most, so that a stream without end ends.
pub const REPLY_BYTES: usize = 16 << 20;

/// Bytes as they come. After an error it ends.
pub type Body = Pin<Box<dyn Stream<Item = Result<Vec<u8>, BodyError>> + Send>>;

/// Why the bytes stopped before their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("silent for too long")]
    Silent,
    #[error("not done in time")]
    Late,
    #[error("too large")]
    TooLarge,
    #[error("cut off")]
    Cut,
}

/// The body of a response. Dropping it closes the connection.
pub fn of(response: reqwest::Response, idle: Duration, deadline: Instant) -> Body {
    let bytes = response.bytes_stream().map(|piece| piece.map(Vec::from).map_err(|_| BodyError::Cut));
    limited(Box::pin(bytes), idle, deadline)
}

fn limited(bytes: Body, idle: Duration, deadline: Instant) -> Body {
    Box::pin(stream::unfold(Some((bytes, 0usize)), move |state| async move {
        let (mut bytes, mut size) = state?;
        let silence = Instant::now() + idle;
        let piece = match timeout_at(silence.min(deadline), bytes.next()).await {
            Err(_) if deadline <= silence => Err(BodyError::Late),
            Err(_) => Err(BodyError::Silent),
            Ok(None) => return None,
            Ok(Some(piece)) => piece,
        };
        if let Ok(piece) = &piece {
            size += piece.len();
            if size > REPLY_BYTES {
                return Some((Err(BodyError::TooLarge), None));
            }
        }
        let rest = piece.is_ok().then_some((bytes, size));
        Some((piece, rest))
    }))
}

/// What comes until the end, an error or `limit` bytes, for the body of a refusal.
pub async fn head(mut body: Body, limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(Ok(piece)) = body.next().await {
        bytes.extend_from_slice(&piece);
        if bytes.len() >= limit {
            bytes.truncate(limit);
            break;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_without_end_ends_with_an_error() {
        let endless: Body = Box::pin(stream::repeat_with(|| Ok(vec![b'x'; 1 << 20])));
        let deadline = Instant::now() + Duration::from_secs(3600);
        let mut limited = limited(endless, Duration::from_secs(3600), deadline);
        let mut pieces = 0;
        let error = loop {
            match limited.next().await.unwrap() {
                Ok(_) => pieces += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((pieces, error), (16, BodyError::TooLarge));
        assert!(limited.next().await.is_none());
    }

    #[tokio::test]
    async fn silence_and_slowness_are_told_apart() {
        let far = Instant::now() + Duration::from_secs(3600);
        let mut silent = limited(Box::pin(stream::pending()), Duration::ZERO, far);
        assert_eq!(silent.next().await, Some(Err(BodyError::Silent)));
        let mut late = limited(Box::pin(stream::pending()), Duration::from_secs(3600), Instant::now());
        assert_eq!(late.next().await, Some(Err(BodyError::Late)));
    }
}
