//! The progress of work that may take minutes.

/// The progress of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The task, as in "copying".
    pub task: &'static str,
    /// The part of it that is done, in the task's own unit.
    pub done: u64,
    /// The whole of it; 0 if that is not known.
    pub total: u64,
}

/// Receives the progress of a task. Called often.
pub(crate) type ProgressFn<'a> = &'a mut dyn FnMut(Progress);
