//! The process that reads PDF, Word and HTML: locked in before it gets a byte of a document, as programs are. What is wrong
//! with a library or a file costs a page, not the session.

use std::ffi::OsString;
use std::io::{stdin, stdout};
use std::time::Duration;

use super::wire::{Foreign, Part, Trouble, asked};
use super::{docx, html};
use crate::sandbox::{self, lock};

/// The hidden subcommand that makes this program the child.
pub const SUBCOMMAND: &str = "__read";

/// Documents nest as deep as they like.
const STACK: usize = 256 << 20;
const WATCH_STACK: usize = 64 << 10;
/// Processor seconds; the parent is the one who loses patience.
const SECONDS: u64 = 3600;
/// What a panic ends the process with.
const PANICKED: i32 = 96;

/// The entry point of the hidden subcommand. `arguments`: megabytes of memory.
pub fn child_main(mut arguments: impl Iterator<Item = OsString>) -> ! {
    let parent = lock::parent();
    let memory = arguments.next().and_then(|text| text.to_str().and_then(|text| text.parse::<u64>().ok()));
    let Some(memory_mb) = memory else { lock::leave(PANICKED) };
    std::panic::set_hook(Box::new(|_| lock::leave(PANICKED)));
    sandbox::cap(usize::try_from(memory_mb << 20).unwrap_or(usize::MAX));
    // What this system cannot hold back is no reason not to read: nothing here runs what the document says.
    let _ = lock::early(memory_mb, SECONDS);
    let watched = lock::beside(WATCH_STACK, move || {
        while lock::parent() == parent {
            std::thread::sleep(Duration::from_millis(500));
        }
        lock::leave(0)
    });
    let serves = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let _ = lock::late();
        serve();
    });
    if let (Ok(()), Ok(serves)) = (watched, serves) {
        let _ = serves.join();
    }
    lock::leave(0)
}

fn serve() {
    while let Some((format, from, bytes)) = asked(&mut stdin().lock()) {
        read(format, from, bytes, &mut |part| part.write(&mut stdout().lock()).is_ok());
        if Part::Done.write(&mut stdout().lock()).is_err() {
            return;
        }
    }
}

fn read(format: Foreign, from: u32, bytes: Vec<u8>, tell: &mut dyn FnMut(Part) -> bool) {
    let whole = |text: Result<String, String>, tell: &mut dyn FnMut(Part) -> bool| match text {
        Ok(text) => tell(Part::Pages(0)) && tell(Part::Text(text)),
        Err(what) => tell(Part::Failed(Trouble::Damaged(what))),
    };
    match format {
        #[cfg(feature = "pdf")]
        Foreign::Pdf => super::pdf::read(bytes, from, tell),
        #[cfg(not(feature = "pdf"))]
        Foreign::Pdf => {
            let _ = from;
            tell(Part::Failed(Trouble::Damaged("this program was built without PDF".into())));
        }
        Foreign::Docx => match docx::read(&bytes) {
            Ok(document) => {
                let _ = whole(Ok(document.text), tell) && (!document.cut || tell(Part::Cut));
            }
            Err(what) => {
                whole(Err(what), tell);
            }
        },
        Foreign::Html => {
            whole(String::from_utf8(bytes).map(|page| html::read(&page)).map_err(|error| error.to_string()), tell);
        }
    }
}
