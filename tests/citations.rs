//! What is promised of a citation: where it is shown to stand, it does; measured on the samples that are shipped.
//! `benches/citation.rs` measures the same on any documents.

mod quoting;

use minions::document::Document;

#[test]
fn what_is_found_of_the_samples_is_right() {
    let samples = ["opm-annual-performance-report-fy2019.txt", "synthetic-patient-record.txt"];
    let documents = samples.map(|name| {
        let path = format!("{}/src/commands/samples/{name}", env!("CARGO_MANIFEST_DIR"));
        Document::from_text(name, std::fs::read_to_string(path).unwrap())
    });
    let quality = quoting::measure(&documents, 12, 1);
    let wrong: Vec<_> = quality.faults.iter().filter(|(_, _, found)| found.is_some()).collect();
    assert!(quality.precision() >= 0.995, "{quality}\n{wrong:#?}");
    assert!(quality.recall() >= 0.95, "{quality}");
}
