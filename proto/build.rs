//! Compiles the contract without protoc: protox reads the files, tonic and pbjson generate.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;
use prost_types::{
    FieldDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

const PACKAGES: [&str; 6] = ["common", "scheduling", "audit", "licensing", "notification", "operations"];

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

    fs::write(out.join("requests.rs"), requests(&descriptors))?;
    fs::write(out.join("events.rs"), events(&descriptors))?;

    tonic_prost_build::configure()
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.build(&[".przesiadka"])?;
    Ok(())
}

/// Writes `impl Request for …` for the request message of each RPC, and a function that goes through all.
fn requests(files: &prost_types::FileDescriptorSet) -> String {
    let mut out = String::new();
    let mut visits = String::new();
    for file in files.file.iter().filter(|f| f.package().starts_with("przesiadka.")) {
        for service in &file.service {
            for method in &service.method {
                let full = method.input_type().trim_start_matches('.');
                let message = find(files, full).unwrap_or_else(|| panic!("{full} is not defined"));
                let path = full.trim_start_matches("przesiadka.").replace('.', "::");
                let package = file.package().split('.').nth(1).expect("przesiadka.<service>.v1");
                let rpc = method.name();
                out += &format!("impl Request for crate::{path} {{\n");
                out += &format!("    const NAME: &'static str = {full:?};\n");
                out += &format!("    const METHOD: &'static str = \"{package}.{rpc}\";\n");
                let grpc_path = format!("/{}.{}/{rpc}", file.package(), service.name());
                out += &format!("    const GRPC_PATH: &'static str = {grpc_path:?};\n");
                let answer = method.output_type().trim_start_matches(".przesiadka.").replace('.', "::");
                out += &format!("    type Response = crate::{answer};\n");
                for field in &message.field {
                    out += match field.name() {
                        "request_id" => {
                            "    const IS_COMMAND: bool = true;\n    \
                             fn take_request_id(&mut self) -> String { std::mem::take(&mut self.request_id) }\n    \
                             fn set_request_id(&mut self, id: String) { self.request_id = id; }\n"
                        }
                        "data" if method.client_streaming() => {
                            "    fn take_data(&mut self) -> Vec<u8> { std::mem::take(&mut self.data) }\n"
                        }
                        "etag" => "    fn etag(&self) -> &str { &self.etag }\n",
                        "validate_only" => "    fn validate_only(&self) -> bool { self.validate_only }\n",
                        _ => "",
                    };
                }
                out += &resource(files, message);
                out += "}\n";
                visits += &format!("    visitor.request::<crate::{path}>();\n");
            }
        }
    }
    out + "/// Shows the request of each RPC of the contract to the visitor.\n\
           pub fn each_request(visitor: &mut impl Visitor) {\n"
        + &visits
        + "}\n"
}

/// Writes `resource()`: of the fields that can hold a resource name the first that does.
fn resource(files: &prost_types::FileDescriptorSet, message: &prost_types::DescriptorProto) -> String {
    let is_single =
        |field: &&FieldDescriptorProto| field.label() != Label::Repeated && field.oneof_index.is_none();
    let field = |name: &str| message.field.iter().filter(is_single).find(|field| field.name() == name);
    let named = message.field.iter().filter(is_single).filter_map(|field| {
        let carried = find(files, field.type_name().trim_start_matches('.'))?;
        carried.field.iter().any(|f| f.name() == "name").then_some(field.name())
    });
    let carried = named.map(|name| format!("self.{name}.as_ref().map_or(\"\", |carried| &carried.name)"));
    let own = ["name", "parent", "contact", "project", "company"].into_iter();
    let own = own.filter(|name| field(name).is_some_and(|field| field.r#type() == Type::String));
    let own = own.map(|name| format!("self.{name}.as_str()"));
    let candidates: Vec<_> = own.chain(carried).collect();
    if candidates.is_empty() {
        return String::new();
    }
    let candidates = candidates.join(", ");
    format!(
        "    fn resource(&self) -> &str {{ [{candidates}].into_iter().find(|name| !name.is_empty()).unwrap_or(\"\") }}\n"
    )
}

/// Writes the events of each service, by the `oneof event` of its message `<Service>Event`, and how each is read.
fn events(files: &prost_types::FileDescriptorSet) -> String {
    let mut out = "const EVENTS: &[(&str, &[(&str, u8)])] = &[\n".to_owned();
    let mut reads = String::new();
    for file in files.file.iter().filter(|f| f.package().starts_with("przesiadka.")) {
        let of_event = |m: &&prost_types::DescriptorProto| m.oneof_decl.iter().any(|o| o.name() == "event");
        for message in file.message_type.iter().filter(of_event) {
            let package = file.package().split('.').nth(1).expect("przesiadka.<service>.v1");
            let fields = message.field.iter().filter(|field| field.oneof_index.is_some());
            let fields: Vec<_> = fields.map(|field| (field.name(), field.number())).collect();
            out += &format!("    ({package:?}, &{fields:?}),\n");
            let path = format!(
                "crate::{}::{}",
                file.package().trim_start_matches("przesiadka.").replace('.', "::"),
                message.name()
            );
            reads += &format!("        {package:?} => json::<{path}>(payload),\n");
        }
    }
    out + "];\n\
           fn read(service: &str, payload: &[u8]) -> Option<serde_json::Value> {\n    match service {\n"
        + &reads
        + "        _ => None,\n    }\n}\n"
}

fn find<'a>(
    files: &'a prost_types::FileDescriptorSet,
    full: &str,
) -> Option<&'a prost_types::DescriptorProto> {
    let (package, name) = full.rsplit_once('.')?;
    files
        .file
        .iter()
        .filter(|f| f.package() == package)
        .flat_map(|f| &f.message_type)
        .find(|m| m.name() == name)
}
