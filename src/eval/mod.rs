//! Many questions at once: files of questions, how right an answer is, what it cost, and what that comes to. Pure.

pub mod against;
pub mod book;
pub mod curve;
pub mod judge;
pub mod pareto;
pub mod question;
pub mod read;
pub mod report;
pub mod row;
pub mod score;
pub mod summary;
pub mod svg;

pub use against::Against;
pub use book::{Book, Entry, Open};
pub use curve::{Axis, Curve, Point, in_percent};
pub use judge::JudgedBy;
pub use question::{Question, Source};
pub use row::{Cost, Followed, JudgeCost, ReadAs, Row, Settled, Try};
pub use summary::{Group, Measure, Stat, summarise};
