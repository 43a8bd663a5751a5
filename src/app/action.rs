//! Everything a key can do, declared once: help, hints, `minions keys` and the README's table are made from this.

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Up,
    Down,
    Left,
    Right,
    HalfPageUp,
    HalfPageDown,
    PageUp,
    PageDown,
    Top,
    Bottom,
    NextPane,
    PreviousPane,
    DocumentPane,
    PlannerPane,
    JobsPane,
    AnswersPane,
    Zoom,
    Open,
    Back,
    Search,
    NextMatch,
    PreviousMatch,
    Dismiss,
    Copy,
    Wrap,
    TintRead,
    TintCited,
    TintLeft,
    Compare,
    NextRead,
    NextCited,
    NextLeft,
    GoTo,
    Outline,
    Select,
    Show,
    Filter,
    Sort,
    JobGrid,
    OnlyTask,
    OnlyFound,
    EarlierRound,
    LaterRound,
    CancelJob,
    RetryJob,
    RetryTrouble,
    Ask,
    StopRun,
    Resume,
    Fork,
    Theme,
    Mouse,
    Redraw,
    Help,
    Suspend,
    Quit,
    Play,
    StepBack,
    StepForward,
    RoundBack,
    RoundForward,
    Slower,
    Faster,
    SeekStart,
    SeekEnd,
    RepeatFrom,
    RepeatTo,
    RepeatOff,
    Confirm,
    Decline,
    Palette,
    RemoteModel,
    LocalModel,
    Sessions,
    Budget,
    Ledger,
    Settings,
    Note,
    Bookmark,
    Notes,
    Log,
    SpendOnce,
    RaiseBudget,
    EndRun,
    Postpone,
    SendDocuments,
    KeepDocuments,
    Submit,
    Leave,
    PickUp,
    PickDown,
    PickPageUp,
    PickPageDown,
    Delete,
    CompareWith,
    EraseWord,
    EraseLine,
    Editor,
    NextField,
    PreviousField,
    FormUp,
    FormDown,
    NewLine,
}

/// Where a key does it. The more special context is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// In every pane and in the overlays that scroll.
    Everywhere,
    /// In the Document pane.
    Document,
    /// In the Planner pane.
    Planner,
    /// In the Jobs pane and in a job's details.
    Jobs,
    /// In the Answers pane.
    Answers,
    /// While a session is replayed.
    Replay,
    /// At a yes-or-no question.
    Question,
    /// Where the next call could pass a budget.
    Budget,
    /// Where whole documents are about to leave the machine.
    Consent,
    /// While text is typed.
    Typing,
    /// In a list to pick from, beside what typing does.
    Picking,
    /// In the form before a run, beside what typing does.
    Form,
}

impl Context {
    pub const ALL: [Context; 12] = [
        Context::Everywhere,
        Context::Document,
        Context::Planner,
        Context::Jobs,
        Context::Answers,
        Context::Replay,
        Context::Typing,
        Context::Picking,
        Context::Form,
        Context::Question,
        Context::Budget,
        Context::Consent,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Context::Everywhere => "Everywhere",
            Context::Document => "Document",
            Context::Planner => "Planner",
            Context::Jobs => "Jobs",
            Context::Answers => "Answers",
            Context::Replay => "Replay",
            Context::Question => "At a question",
            Context::Budget => "At the budget",
            Context::Consent => "Before documents leave",
            Context::Typing => "While typing",
            Context::Picking => "In a list",
            Context::Form => "In a form",
        }
    }

    /// Its table under `[keys]` in `minions.toml`.
    pub fn table(self) -> &'static str {
        match self {
            Context::Everywhere => "everywhere",
            Context::Document => "document",
            Context::Planner => "planner",
            Context::Jobs => "jobs",
            Context::Answers => "answers",
            Context::Replay => "replay",
            Context::Question => "question",
            Context::Budget => "budget",
            Context::Consent => "consent",
            Context::Typing => "typing",
            Context::Picking => "list",
            Context::Form => "form",
        }
    }

    /// Whether it is one of those where the panes are: what can be done in one of them can be done in all.
    pub fn is_pane(self) -> bool {
        use Context as C;
        matches!(self, C::Everywhere | C::Document | C::Planner | C::Jobs | C::Answers | C::Replay)
    }

    /// Whether a character is text here, so that only other keys can be bound, and each acts alone.
    pub fn is_text(self) -> bool {
        matches!(self, Context::Typing | Context::Picking | Context::Form)
    }
}

/// One line of the keymap as it is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    pub action: Action,
    pub context: Context,
    /// As the hints call it; `minions.toml` writes it with dashes.
    pub name: &'static str,
    pub doc: &'static str,
    /// Separated by spaces, those of a sequence by commas; the first is the one that hints show.
    pub keys: &'static str,
}

const fn binding(
    action: Action,
    context: Context,
    name: &'static str,
    keys: &'static str,
    doc: &'static str,
) -> Binding {
    Binding { action, context, name, doc, keys }
}

use Action as A;
use Context as C;

pub const BINDINGS: &[Binding] = &[
    binding(A::Up, C::Everywhere, "up", "k up", "one row up"),
    binding(A::Down, C::Everywhere, "down", "j down", "one row down"),
    binding(A::Left, C::Everywhere, "left", "h left", "the document or round before; in long lines, to the left"),
    binding(A::Right, C::Everywhere, "right", "l right", "the document or round after; in long lines, to the right"),
    binding(A::HalfPageUp, C::Everywhere, "half page up", "ctrl-u", "half a page up"),
    binding(A::HalfPageDown, C::Everywhere, "half page down", "ctrl-d", "half a page down"),
    binding(A::PageUp, C::Everywhere, "page up", "pgup ctrl-b", "a page up"),
    binding(A::PageDown, C::Everywhere, "page down", "pgdn ctrl-f", "a page down"),
    binding(A::Top, C::Everywhere, "top", "g home", "to the first row"),
    binding(A::Bottom, C::Everywhere, "bottom", "G end", "to the last row, and follow what comes"),
    binding(A::NextPane, C::Everywhere, "next pane", "tab ctrl-w,w", "to the next pane"),
    binding(A::PreviousPane, C::Everywhere, "previous pane", "backtab shift-tab", "to the pane before"),
    binding(A::DocumentPane, C::Everywhere, "document", "1", "to the Document pane"),
    binding(A::PlannerPane, C::Everywhere, "planner", "2", "to the Planner pane"),
    binding(A::JobsPane, C::Everywhere, "jobs", "3", "to the Jobs pane"),
    binding(A::AnswersPane, C::Everywhere, "answers", "4", "to the Answers pane"),
    binding(A::Zoom, C::Everywhere, "zoom", "z ctrl-w,o", "one pane on the whole screen, or all of them again"),
    binding(A::Open, C::Everywhere, "open", "enter", "open or fold what is selected; go to a citation's words"),
    binding(A::Back, C::Everywhere, "back", "b backspace", "back to where the last citation was opened"),
    binding(A::Search, C::Everywhere, "search", "/", "search the pane, or this list"),
    binding(A::NextMatch, C::Everywhere, "next match", "n", "to the next match"),
    binding(A::PreviousMatch, C::Everywhere, "previous match", "N", "to the match before"),
    binding(A::Dismiss, C::Everywhere, "dismiss", "esc", "close what is on top; clear search and highlight"),
    binding(A::Copy, C::Everywhere, "copy", "y", "copy what is selected"),
    binding(A::Wrap, C::Everywhere, "wrap", "w", "wrap the document's lines, or leave tables their shape"),
    binding(A::TintRead, C::Everywhere, "tint read", "r", "mark in the document what workers read"),
    binding(A::TintCited, C::Everywhere, "tint cited", "c", "mark in the document what was cited"),
    binding(A::TintLeft, C::Everywhere, "tint left", "e", "mark in the document what left this machine"),
    binding(A::Compare, C::Everywhere, "compare", "d", "show each program of the planner beside the one before it"),
    binding(A::Ask, C::Everywhere, "ask", "a", "ask a question of the documents"),
    binding(A::Palette, C::Everywhere, "command", ": ctrl-p", "find what to do by a part of its name"),
    binding(A::Sessions, C::Everywhere, "sessions", "S", "open or delete a session, or start one on other documents"),
    binding(A::RemoteModel, C::Everywhere, "remote model", "m", "choose who plans, from the next round on"),
    binding(A::LocalModel, C::Everywhere, "local model", "M", "choose who reads, from the next round on"),
    binding(A::Budget, C::Everywhere, "budget", "B", "say how to go on where a call waits for your word"),
    binding(A::Ledger, C::Everywhere, "ledger", "L", "every request with its tokens, cost and time, and the sums"),
    binding(
        A::Settings,
        C::Everywhere,
        "settings",
        "O",
        "the settings and where each came from; change them until you leave",
    ),
    binding(A::Note, C::Everywhere, "note", "A", "write a note on the record at hand"),
    binding(A::Bookmark, C::Everywhere, "bookmark", "*", "put a bookmark at the record at hand"),
    binding(A::Notes, C::Everywhere, "notes", "'", "go to a note or a bookmark"),
    binding(A::Log, C::Everywhere, "log", "!", "the last lines of the log"),
    binding(A::Resume, C::Everywhere, "resume", "u", "go on with a session that was interrupted"),
    binding(A::Fork, C::Everywhere, "fork", "Y", "a new session from the record at hand, with what you change"),
    binding(A::StopRun, C::Everywhere, "stop run", "X", "stop the run"),
    binding(A::Theme, C::Everywhere, "theme", "t", "the next theme"),
    binding(
        A::Mouse,
        C::Everywhere,
        "mouse",
        "ctrl-w,m",
        "the mouse for the panes, or for the terminal to select text",
    ),
    binding(A::Redraw, C::Everywhere, "redraw", "ctrl-l", "paint the screen anew"),
    binding(A::Help, C::Everywhere, "help", "? f1", "this list"),
    binding(A::Suspend, C::Everywhere, "suspend", "ctrl-z", "put the program in the background"),
    binding(A::Quit, C::Everywhere, "quit", "q ctrl-c", "leave; asks first while work is in flight"),
    binding(A::GoTo, C::Document, "go to", "ctrl-g", "to a line, a page or a share: 120, p12, 50%"),
    binding(A::Outline, C::Document, "outline", "o", "the headings and pages, to go to one"),
    binding(A::Select, C::Document, "select", "v", "select lines, to copy them or to ask about them alone"),
    binding(A::NextRead, C::Document, "next read", "R", "to a part that workers read; next match goes on"),
    binding(A::NextCited, C::Document, "next cited", "C", "to a part that was cited; next match goes on"),
    binding(A::NextLeft, C::Document, "next left", "E", "to a part that left this machine; next match goes on"),
    binding(A::Show, C::Jobs, "show", "o", "show the job's citation, else its chunk, in the document"),
    binding(A::Filter, C::Jobs, "filter", "f", "show all jobs, the answered, the unfinished, those in trouble"),
    binding(A::Sort, C::Jobs, "sort", "s", "sort by order, state, chunk, task, tokens, time"),
    binding(A::JobGrid, C::Jobs, "grid", "v", "jobs as a grid of chunks and tasks, or as a table"),
    binding(A::OnlyTask, C::Jobs, "only task", "T", "only jobs of the selected one's task, or of all"),
    binding(A::OnlyFound, C::Jobs, "only found", "F", "only jobs that a search finds, or all"),
    binding(A::EarlierRound, C::Jobs, "earlier round", ",", "the jobs of the round before"),
    binding(A::LaterRound, C::Jobs, "later round", ".", "the jobs of the round after"),
    binding(A::CancelJob, C::Jobs, "cancel job", "x", "cancel the selected job"),
    binding(A::RetryJob, C::Jobs, "retry", "R", "try the selected job again, while its round runs"),
    binding(A::RetryTrouble, C::Jobs, "retry all", "ctrl-r", "try all jobs in trouble again, while their round runs"),
    binding(A::Play, C::Replay, "play", "space", "play or pause"),
    binding(A::StepBack, C::Replay, "record back", "[", "one record back"),
    binding(A::StepForward, C::Replay, "record on", "]", "one record on"),
    binding(A::RoundBack, C::Replay, "round back", "{", "to the round before"),
    binding(A::RoundForward, C::Replay, "round on", "}", "to the round after"),
    binding(A::Slower, C::Replay, "slower", "<", "half the speed"),
    binding(A::Faster, C::Replay, "faster", ">", "twice the speed"),
    binding(A::SeekStart, C::Replay, "start", "0", "to the first record"),
    binding(A::SeekEnd, C::Replay, "end", "$", "to the last record"),
    binding(A::RepeatFrom, C::Replay, "loop from", "(", "play again and again from here"),
    binding(A::RepeatTo, C::Replay, "loop to", ")", "play again and again up to here"),
    binding(A::RepeatOff, C::Replay, "no loop", "|", "play on to the end"),
    binding(A::Confirm, C::Question, "yes", "y enter", "yes"),
    binding(A::Decline, C::Question, "no", "n esc q", "no"),
    binding(A::SpendOnce, C::Budget, "once", "o", "make this one call; the budget holds again after it"),
    binding(A::RaiseBudget, C::Budget, "raise", "r", "go on under a higher budget, for this session"),
    binding(A::EndRun, C::Budget, "stop here", "x", "end the session; what was paid for is saved"),
    binding(A::Postpone, C::Budget, "decide later", "esc q", "look around first; nothing is sent meanwhile"),
    binding(A::SendDocuments, C::Consent, "send", "y", "send the whole documents to the remote LM"),
    binding(A::KeepDocuments, C::Consent, "keep", "n esc q x", "send nothing and end the session"),
    binding(A::Submit, C::Typing, "submit", "enter", "take what was typed or picked"),
    binding(A::Leave, C::Typing, "leave", "esc ctrl-c", "leave it"),
    binding(A::PickUp, C::Picking, "row up", "up ctrl-p", "one row up"),
    binding(A::PickDown, C::Picking, "row down", "down ctrl-n", "one row down"),
    binding(A::PickPageUp, C::Picking, "rows up", "pgup ctrl-b", "a page up"),
    binding(A::PickPageDown, C::Picking, "rows down", "pgdn ctrl-f", "a page down"),
    binding(A::Delete, C::Picking, "delete", "ctrl-x", "delete the session; asks first"),
    binding(A::CompareWith, C::Picking, "compare with", "ctrl-t", "mark the session; on another one, compare the two"),
    binding(A::NextField, C::Form, "next field", "tab", "to the next field: the question, then what the run may take"),
    binding(A::PreviousField, C::Form, "field before", "backtab shift-tab", "to the field before"),
    binding(A::FormUp, C::Form, "line up", "up ctrl-p", "a line up; from the first one to earlier questions"),
    binding(A::FormDown, C::Form, "line down", "down ctrl-n", "a line down; from earlier questions back"),
    binding(A::NewLine, C::Form, "new line", "ctrl-j alt-enter", "a new line in the question"),
    binding(A::EraseWord, C::Typing, "erase word", "ctrl-w", "erase the word before the cursor"),
    binding(A::EraseLine, C::Typing, "erase line", "ctrl-u", "erase everything before the cursor"),
    binding(A::Editor, C::Typing, "editor", "ctrl-g", "write it in $EDITOR, where more than a line is to be typed"),
];
