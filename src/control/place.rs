//! Where the socket is, whatever the length of its folder's path.
//!
//! A socket's address holds about a hundred bytes, and folders of sessions may be deeper. On Linux the way there is short all
//! the same: through an open handle of the folder (proc(5), `/proc/self/fd`). Elsewhere a path that is too long is an error.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// A socket that is bound; removed when this is dropped.
pub(super) struct Bound {
    pub(super) listener: UnixListener,
    path: PathBuf,
    inode: u64,
}

/// Binds the socket for its owner alone, in the place of one that a killed process left. Until only its owner may use it, it
/// stands at `making`, in the same folder.
pub(super) fn bind(path: &Path, making: &Path) -> io::Result<Bound> {
    let (folder, name) = parts(making)?;
    // The session's lock keeps a second process out.
    match fs::remove_file(making) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(folder.short(name))?;
    let placed = fs::set_permissions(making, Permissions::from_mode(0o600)).and_then(|()| fs::rename(making, path));
    if let Err(error) = placed {
        let _ = fs::remove_file(making);
        return Err(error);
    }
    let inode = fs::symlink_metadata(path)?.ino();
    Ok(Bound { listener, path: path.to_owned(), inode })
}

impl Drop for Bound {
    fn drop(&mut self) {
        // One that another process has put there since is that one's.
        if fs::symlink_metadata(&self.path).is_ok_and(|about| about.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

pub(super) async fn connect(path: &Path) -> io::Result<UnixStream> {
    let (folder, name) = parts(path)?;
    UnixStream::connect(folder.short(name)).await
}

struct Folder {
    path: PathBuf,
    handle: File,
}

impl Folder {
    fn short(&self, name: &str) -> PathBuf {
        let short = PathBuf::from(format!("/proc/self/fd/{}", self.handle.as_raw_fd()));
        if short.exists() { short.join(name) } else { self.path.join(name) }
    }
}

fn parts(path: &Path) -> io::Result<(Folder, &str)> {
    let parts = path.parent().zip(path.file_name().and_then(|name| name.to_str()));
    let (folder, name) = parts.ok_or(io::ErrorKind::InvalidInput)?;
    Ok((Folder { path: folder.to_owned(), handle: File::open(folder)? }, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_deeper_than_an_address_is_long_has_a_socket_too() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("d".repeat(120)).join("e".repeat(120));
        fs::create_dir_all(&folder).unwrap();
        let (path, making) = (folder.join("control"), folder.join("control.new"));
        let bound = bind(&path, &making).unwrap();
        assert!(path.exists() && !making.exists());
        let (accepted, connected) = tokio::join!(bound.listener.accept(), connect(&path));
        assert!(accepted.is_ok() && connected.is_ok());
        drop(bound);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let (path, making) = (root.path().join("control"), root.path().join("control.new"));
        for left in [&path, &making] {
            fs::write(left, "").unwrap();
        }
        let first = bind(&path, &making).unwrap();
        let second = bind(&path, &making).unwrap();
        drop(first);
        assert!(path.exists(), "the second one's stays");
        assert!(connect(&path).await.is_ok());
        drop(second);
    }
}
