//! The engine's process itself: commands come in on a socket that is its standard input, and events go out there.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use super::wire::{Command, Event};
use super::{embed, engine};

/// Commands that wait until the engine has finished its step.
const WAITING: usize = 64;

/// Works until the socket closes.
pub fn child_main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        // The workbench was told why.
        Err(_) => ExitCode::FAILURE,
    }
}

fn work() -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().map_err(text)?);
    let mut writer = socket.try_clone().map_err(text)?;
    let mut progress = socket.try_clone().map_err(text)?;
    let mut lines = BufReader::new(socket);
    let Some(load) = next(&mut lines) else { return Err("no model was named".into()) };
    let (sender, commands) = mpsc::sync_channel(WAITING);
    thread::spawn(move || listen(lines, &sender));
    let mut percent = None;
    let loading = move |share: f32| {
        let now = (share * 100.0) as u32;
        // The workbench is told a hundred times at most; where it is gone, loading stops.
        percent.replace(now) == Some(now) || say(&mut progress, &Event::Loading { share })
    };
    let mut tell = |event| {
        say(&mut writer, &event);
    };
    let result = match &load {
        Command::Load(options) => engine::serve(options, &commands, &mut tell, loading),
        Command::LoadEmbedding(options) => embed::serve(options, &commands, &mut tell, loading),
        Command::Job(_) | Command::Embed(_) | Command::Cancel { .. } => Err("no model was named".into()),
    };
    if let Err(message) = &result {
        say(&mut writer, &Event::Failed { message: message.clone() });
    }
    result
}

/// Hands commands on. Where the workbench is gone, nothing is left to do, whatever the engine is at.
fn listen(mut lines: BufReader<UnixStream>, commands: &SyncSender<Command>) {
    while let Some(command) = next(&mut lines) {
        if commands.send(command).is_err() {
            return;
        }
    }
    std::process::exit(0);
}

fn next(lines: &mut BufReader<UnixStream>) -> Option<Command> {
    let mut line = String::new();
    match lines.read_line(&mut line) {
        Ok(length) if length > 0 => serde_json::from_str(&line).ok(),
        _ => None,
    }
}

fn say(socket: &mut UnixStream, event: &Event) -> bool {
    let Ok(mut line) = serde_json::to_vec(event) else { return false };
    line.push(b'\n');
    socket.write_all(&line).is_ok()
}
