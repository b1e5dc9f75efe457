//! Writes the data of `examples/`: `cargo run -p pipe-tests --bin make-examples`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for (name, bytes) in pipe_tests::examples::files() {
        let path = examples.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, bytes)?;
    }
    Ok(())
}
