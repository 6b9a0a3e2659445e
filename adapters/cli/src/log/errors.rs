//! What goes wrong, on standard error.

use std::io;

use super::lines::LineLog;

/// The sink of the `log` crate.
struct ErrorLog(LineLog);

impl log::Log for ErrorLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.record(&format_args!("wirenut: {}", record.args()));
        }
    }

    fn flush(&self) {}
}

/// Has warnings and errors written to standard error from now on, without ever waiting for whoever reads it.
///
/// # Errors
///
/// The system would not give a thread.
pub fn write_errors_to_standard_error() -> io::Result<()> {
    let sink = ErrorLog(LineLog::new(io::stderr())?);
    // It fails only if there is a sink already.
    if log::set_boxed_logger(Box::new(sink)).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
    Ok(())
}
