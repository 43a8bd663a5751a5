//! Where llama.cpp's backends come from: built in, or libraries beside the program (cargo feature `dynamic-backends`).

/// The folder beside the program that is looked into. Without it the one that the build wrote is taken.
#[cfg(feature = "dynamic-backends")]
const FOLDER: &str = "backends";

/// Loads what is not built in. It comes before everything else that is asked of llama.cpp.
pub fn load() {
    #[cfg(feature = "dynamic-backends")]
    {
        let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(FOLDER)));
        // The library panics where a path is not UTF-8.
        match beside.filter(|folder| folder.is_dir() && folder.to_str().is_some()) {
            Some(folder) => llama_cpp_2::llama_backend::load_backends_from_path(&folder),
            None => llama_cpp_2::llama_backend::load_backends(),
        }
    }
}
