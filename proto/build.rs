//! Compiles the contract without protoc: protox reads the files, tonic and pbjson generate.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const PACKAGES: [&str; 5] = ["common", "scheduling", "audit", "licensing", "notification"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files = Vec::new();
    for package in PACKAGES {
        let dir = PathBuf::from("przesiadka").join(package).join("v1");
        println!("cargo::rerun-if-changed={}", dir.display());
        if let Ok(entries) = fs::read_dir(&dir) {
            for entry in entries {
                files.push(entry?.path());
            }
        }
    }
    files.sort();

    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    let descriptors = compiler.file_descriptor_set();
    let encoded = descriptors.encode_to_vec();
    fs::write(out.join("descriptors.bin"), &encoded)?;

    tonic_prost_build::configure()
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.build(&[".przesiadka"])?;
    Ok(())
}
