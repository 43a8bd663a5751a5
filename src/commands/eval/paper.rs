//! The files of the report, beside the book: `report.md`, `report.json`, `report.csv` and, of several settings, `curve.svg`.

use std::path::Path;

use super::super::Failure;
use super::super::output::to_file;
use crate::eval::report::Report;
use crate::eval::svg;

pub fn write(report: &Report, folder: &Path) -> Result<(), Failure> {
    put(&folder.join("report.md"), report.markdown().as_bytes())?;
    put(&folder.join("report.json"), &serde_json::to_vec_pretty(report)?)?;
    put(&folder.join("report.csv"), report.csv()?.as_bytes())?;
    if report.curve.points.len() > 1 {
        put(&folder.join("curve.svg"), svg::draw(&report.curve).as_bytes())?;
    }
    Ok(())
}

fn put(path: &Path, content: &[u8]) -> Result<(), Failure> {
    to_file(path, |out| Ok(out.write_all(content)?))
}
