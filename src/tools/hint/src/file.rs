//! Files: the module read, and written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{io, process};

use crate::problem::Problem;

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(path).map_err(|error| Problem::Unreadable(format!("{}: {error}", path.display())))
}

/// A place for a file, which is not the file it is made from.
pub fn place(input: &Path, output: &Path) -> Result<PathBuf, Problem> {
    let unwritable = |why: &str| Problem::Unwritable(format!("{}: {why}", output.display()));
    // A link stays one.
    let output = fs::canonicalize(output).unwrap_or_else(|_| output.into());
    if fs::canonicalize(input).is_ok_and(|input| input == output) {
        return Err(Problem::SameFile(input.display().to_string()));
    }
    match fs::metadata(&output) {
        Ok(there) if there.is_dir() => Err(unwritable("this is a directory")),
        Ok(there) if !there.is_file() => Err(unwritable("this is no plain file")),
        _ => Ok(output),
    }
}

/// Writes a file beside its place, and moves it there when all of it is written.
pub fn write(place: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let beside = place.with_file_name(format!(".{name}.{}", process::id()));
    let written = create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, place));
    written.map_err(|error| {
        // There is nothing to be done if that fails too.
        let _ = fs::remove_file(&beside);
        Problem::Unwritable(format!("{}: {error}", place.display()))
    })
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_put_in_its_place_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("freehold-hint-{}", process::id()));
        // A folder with something in it, which no file replaces.
        let place = folder.join("out.wasm");
        fs::create_dir_all(place.join("in it")).unwrap();
        let Err(Problem::Unwritable(why)) = write(&place, b"module") else { panic!("written") };
        assert!(why.starts_with(place.to_str().unwrap()), "{why}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "half a file is left");

        // A file is replaced, and one beside it is not touched.
        let (place, other) = (folder.join("there.wasm"), folder.join("other.wasm"));
        fs::write(&place, "before").unwrap();
        fs::write(&other, "other").unwrap();
        write(&place, b"module").unwrap();
        assert_eq!((fs::read(&place).unwrap(), fs::read(&other).unwrap()), (b"module".to_vec(), b"other".to_vec()));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        fs::remove_dir_all(folder).unwrap();
    }
}
