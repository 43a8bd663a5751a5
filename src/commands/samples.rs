//! The documents that come with the program, for a first look without any of one's own. Licences: `samples/NOTICE.md`.

use crate::cli::Sample;
use crate::document::Document;

impl Sample {
    pub fn document(self) -> Document {
        match self {
            Sample::Opm => Document::from_text(
                "opm-annual-performance-report-fy2019.txt",
                include_str!("samples/opm-annual-performance-report-fy2019.txt"),
            ),
            Sample::Patient => Document::from_text(
                "synthetic-patient-record.txt",
                include_str!("samples/synthetic-patient-record.txt"),
            ),
        }
    }

    /// A question that shows what the program does.
    pub fn question(self) -> &'static str {
        match self {
            Sample::Opm => {
                "How many minutes did OPM take on average to answer retirement phone calls in FY 2019, and was the target met?"
            }
            Sample::Patient => "Why was lisinopril stopped, when, and what replaced it?",
        }
    }
}
