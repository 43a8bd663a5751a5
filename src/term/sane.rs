//! A terminal that an earlier program left raw, because it was killed, is made usable before it is taken: what is given
//! back at the end is what was found at the beginning.

use std::io;
use std::os::fd::AsFd;

use rustix::termios::{InputModes, LocalModes, OptionalActions, OutputModes, Termios, tcgetattr, tcsetattr};

/// Sets the modes of a usual terminal where none of those is set that every shell's terminal has.
pub(super) fn make_sane(terminal: impl AsFd) -> io::Result<()> {
    let mut modes = tcgetattr(&terminal)?;
    if is_raw(&modes) {
        // What raw mode takes away (`cfmakeraw` in termios(3)), as the system sets it on a new terminal.
        modes.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        modes.input_modes |= InputModes::ICRNL | InputModes::IXON;
        modes.output_modes |= OutputModes::OPOST;
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    }
    Ok(())
}

fn is_raw(modes: &Termios) -> bool {
    !modes.local_modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
        && !modes.output_modes.contains(OutputModes::OPOST)
}
