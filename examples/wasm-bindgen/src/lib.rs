//! A module for JavaScript with wasm-bindgen: the moving median of a list of numbers.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]

use freehold::{Alloc, Arena, Heap, ledger};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// All that `Vec`, `String` and wasm-bindgen itself allocate lives here, on pages of the same ledger as the arena's.
#[global_allocator]
static HEAP: Heap = Heap::new();

// What the npm package `freehold` asks the module for: who made memory grow, room ahead of need, blocks.
freehold::javascript!();

/// The medians of each `width` numbers in a row. wasm-bindgen copies the numbers in, and the result out.
#[wasm_bindgen]
pub fn medians(samples: &[f64], width: usize) -> Result<Vec<f64>, String> {
    if width == 0 || width > samples.len() {
        return Err(format!("no {width} numbers in a row"));
    }
    let mut arena = Arena::new();
    let medians = samples.windows(width).map(|row| {
        let scope = arena.scope(); // the sorted copy dies with it, at no cost
        let row = scope.alloc_slice_copy(row);
        row.sort_unstable_by(f64::total_cmp);
        row[width / 2]
    });
    Ok(medians.collect())
}

/// Numbers that JavaScript writes in place, without a copy.
#[wasm_bindgen]
pub struct Samples {
    values: Vec<f64>,
}

#[wasm_bindgen]
impl Samples {
    /// Room for `count` numbers.
    #[wasm_bindgen(constructor)]
    pub fn new(count: usize) -> Result<Samples, String> {
        let mut values = Vec::new();
        values.try_reserve_exact(count).map_err(|_| format!("no memory for {count} numbers"))?;
        values.resize(count, 0.0);
        Ok(Samples { values })
    }

    /// Where they are.
    pub fn start(&mut self) -> *mut f64 {
        self.values.as_mut_ptr()
    }

    /// The medians of each `width` of them in a row.
    pub fn medians(&self, width: usize) -> Result<Vec<f64>, String> {
        medians(&self.values, width)
    }
}

/// The module's own exports, of which `Memory` is made. (With `--target web`, `await init()` returns them as well.)
#[wasm_bindgen]
pub fn raw_exports() -> JsValue {
    wasm_bindgen::exports()
}

/// Who holds which bytes, drawn.
#[wasm_bindgen]
pub fn map() -> String {
    ledger().snapshot().to_string()
}
