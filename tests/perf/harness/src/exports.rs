//! What `engines/rows.mjs` calls of a module.

/// Makes a wasm module's exports of a function that gives its rows; nothing natively.
///
/// Numbers only: a text lies in memory at `text_ptr()` and is `text_len()` bytes long.
#[macro_export]
macro_rules! exports {
    ($rows:path) => {
        #[cfg(target_arch = "wasm32")]
        mod exports {
            use std::cell::{Cell, RefCell};

            use $crate::job::{Job, Sample};
            use $crate::registry::Registry;

            thread_local! {
                static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
                static LAST: Cell<Sample> = const { Cell::new(Sample { nanoseconds: 0.0, checksum: 0, claimed: 0 }) };
                static REGISTRY: Registry = Registry::new($rows());
            }

            /// Writes the list of rows into the text.
            #[unsafe(no_mangle)]
            extern "C" fn list() {
                TEXT.set(REGISTRY.with(Registry::list));
            }

            /// Does a measurement and returns how many nanoseconds it took.
            #[unsafe(no_mangle)]
            extern "C" fn measure(row: usize, contender: usize, placement: usize, iterations: u32) -> f64 {
                // So that it is not the measurement that makes the list.
                let job = Job { iterations, placement, counted: None };
                let sample = REGISTRY.with(|rows| rows.measure(row, contender, &job));
                LAST.set(sample);
                sample.nanoseconds
            }

            /// What the last measurement summed up.
            #[unsafe(no_mangle)]
            extern "C" fn checksum() -> u64 {
                LAST.get().checksum
            }

            /// The most bytes that the last measurement claimed at once.
            #[unsafe(no_mangle)]
            extern "C" fn claimed() -> usize {
                LAST.get().claimed
            }

            #[unsafe(no_mangle)]
            extern "C" fn text_ptr() -> usize {
                TEXT.with_borrow(|text| text.as_ptr().expose_provenance())
            }

            #[unsafe(no_mangle)]
            extern "C" fn text_len() -> usize {
                TEXT.with_borrow(String::len)
            }
        }
    };
}
