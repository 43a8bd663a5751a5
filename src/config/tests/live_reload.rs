//! A file that is saved while the program runs is read again.

use std::path::Path;
use std::time::Duration;

use super::*;

async fn next(watch: &mut Watch) -> Result<Loaded, ConfigError> {
    tokio::time::timeout(Duration::from_secs(20), watch.next()).await.expect("a change is told").unwrap()
}

/// As editors do: a new file takes the old one's place.
fn save(path: &Path, text: &str) {
    let new = path.with_extension("tmp");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn each_save_is_told_good_or_bad_also_when_it_replaces_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("minions.toml");
    let sources = Sources { working_file: Some(path.clone()), ..Sources::default() };
    let current = load(&sources).unwrap();
    let mut watch = watch(sources, current).unwrap();

    save(&path, "[protocol]\nmax_rounds = 9");
    assert_eq!(next(&mut watch).await.unwrap().config.protocol.max_rounds, 9);

    save(&path, "[protocol]\nmax_rounds = 99");
    assert!(next(&mut watch).await.unwrap_err().to_string().contains("cannot be 99"));

    fs::write(&path, "[protocol]\nmax_rounds = 8").unwrap();
    assert_eq!(next(&mut watch).await.unwrap().config.protocol.max_rounds, 8);

    fs::remove_file(&path).unwrap();
    assert_eq!(next(&mut watch).await.unwrap().config, Config::default());
}

#[tokio::test]
async fn a_folder_that_is_made_later_is_watched_from_then_on() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("themes");
    let mut watch = watch_folders("the themes", [folder.clone()]).unwrap();
    for change in 0..3 {
        match change {
            0 => fs::create_dir(&folder).unwrap(),
            _ => save(&folder.join("own.toml"), &format!("# {change}")),
        }
        let told = tokio::time::timeout(Duration::from_secs(20), watch.next()).await;
        assert_eq!(told.expect("a change is told"), Some(()));
    }
}
