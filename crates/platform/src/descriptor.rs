//! The contract's descriptors, indexed for REST (types of query parameters) and OpenAPI.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

/// All packages of the contract and what they import.
pub(crate) static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

#[derive(Default)]
pub(crate) struct Contract {
    pub messages: BTreeMap<String, MessageInfo>,
    pub enums: BTreeMap<String, EnumInfo>,
    /// By `<service>.<rpc>`.
    pub methods: BTreeMap<String, MethodInfo>,
    /// What each service says of itself.
    pub services: BTreeMap<String, String>,
    /// `<package>.<Service>/<Rpc>`, as in gRPC's paths.
    paths: BTreeSet<String>,
}

pub(crate) struct MessageInfo {
    pub comment: String,
    /// The entry of a map: a key and a value.
    pub is_map_entry: bool,
    pub fields: Vec<FieldInfo>,
}

pub(crate) struct FieldInfo {
    pub name: String,
    pub json_name: String,
    pub comment: String,
    pub kind: Kind,
    pub repeated: bool,
    /// One of a `oneof`; no message has two of those.
    pub is_choice: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    /// 32 bits: a JSON number.
    Int,
    /// 64 bits: a JSON string.
    Long,
    Float,
    String,
    Bytes,
    Enum(String),
    Message(String),
}

pub(crate) struct EnumInfo {
    pub comment: String,
    /// Names with their comments.
    pub values: Vec<(String, String)>,
}

pub(crate) struct MethodInfo {
    pub comment: String,
    pub output: String,
    pub streams: bool,
    /// The request comes in pieces.
    pub is_upload: bool,
}

impl MessageInfo {
    pub fn field(&self, name: &str) -> Option<&FieldInfo> {
        self.fields.iter().find(|f| f.name == name)
    }

    pub fn json_field(&self, json_name: &str) -> Option<&FieldInfo> {
        self.fields.iter().find(|f| f.json_name == json_name)
    }
}

impl Contract {
    pub fn message(&self, full: &str) -> &MessageInfo {
        self.messages.get(full).unwrap_or_else(|| panic!("{full} is not in the contract"))
    }

    /// The method that a request's path names, if there is one.
    pub fn method_at(&self, path: &str) -> Option<&str> {
        self.paths.get(path.strip_prefix('/')?).map(String::as_str)
    }

    /// Whether gRPC's path, `/przesiadka.<service>.v1.<Service>/<rpc>`, is of such a method.
    pub fn is_upload(&self, path: &str) -> bool {
        let key = || {
            let (full, rpc) = path.strip_prefix('/')?.split_once('/')?;
            Some(format!("{}.{rpc}", full.split('.').nth(1)?))
        };
        key().and_then(|key| self.methods.get(&key)).is_some_and(|method| method.is_upload)
    }

    fn read() -> Self {
        let files = FileDescriptorSet::decode(proto::DESCRIPTORS).expect("the build wrote the descriptors");
        let mut contract = Self::default();
        for file in &files.file {
            contract.add_file(file);
        }
        contract
    }

    fn add_file(&mut self, file: &FileDescriptorProto) {
        let comments = Comments::of(file);
        for (i, message) in file.message_type.iter().enumerate() {
            self.add_message(file.package(), message, &[4, i as i32], &comments);
        }
        for (i, e) in file.enum_type.iter().enumerate() {
            self.add_enum(file.package(), e, &[5, i as i32], &comments);
        }
        let short = file.package().split('.').nth(1).unwrap_or_default();
        for (i, service) in file.service.iter().enumerate() {
            self.services.insert(short.to_owned(), comments.at(&[6, i as i32]));
            for (j, method) in service.method.iter().enumerate() {
                let info = MethodInfo {
                    comment: comments.at(&[6, i as i32, 2, j as i32]),
                    output: method.output_type().trim_start_matches('.').to_owned(),
                    streams: method.server_streaming(),
                    is_upload: method.client_streaming(),
                };
                self.methods.insert(format!("{short}.{}", method.name()), info);
                let (package, service) = (file.package(), service.name());
                self.paths.insert(format!("{package}.{service}/{}", method.name()));
            }
        }
    }

    fn add_message(&mut self, scope: &str, message: &DescriptorProto, path: &[i32], comments: &Comments) {
        let full = format!("{scope}.{}", message.name());
        let fields = message.field.iter().enumerate();
        let fields = fields.map(|(i, f)| field(f, comments.at(&join(path, 2, i)))).collect();
        let is_map_entry = message.options.as_ref().is_some_and(|options| options.map_entry());
        self.messages.insert(full.clone(), MessageInfo { comment: comments.at(path), is_map_entry, fields });
        for (i, nested) in message.nested_type.iter().enumerate() {
            self.add_message(&full, nested, &join(path, 3, i), comments);
        }
        for (i, e) in message.enum_type.iter().enumerate() {
            self.add_enum(&full, e, &join(path, 4, i), comments);
        }
    }

    fn add_enum(&mut self, scope: &str, e: &EnumDescriptorProto, path: &[i32], comments: &Comments) {
        let values = e.value.iter().enumerate();
        let values = values.map(|(i, v)| (v.name().to_owned(), comments.at(&join(path, 2, i)))).collect();
        self.enums.insert(format!("{scope}.{}", e.name()), EnumInfo { comment: comments.at(path), values });
    }
}

fn field(f: &FieldDescriptorProto, comment: String) -> FieldInfo {
    let type_name = || f.type_name().trim_start_matches('.').to_owned();
    let kind = match f.r#type() {
        Type::Bool => Kind::Bool,
        Type::Int32 | Type::Uint32 | Type::Sint32 | Type::Fixed32 | Type::Sfixed32 => Kind::Int,
        Type::Int64 | Type::Uint64 | Type::Sint64 | Type::Fixed64 | Type::Sfixed64 => Kind::Long,
        Type::Double | Type::Float => Kind::Float,
        Type::String => Kind::String,
        Type::Bytes => Kind::Bytes,
        Type::Enum => Kind::Enum(type_name()),
        Type::Message | Type::Group => Kind::Message(type_name()),
    };
    FieldInfo {
        name: f.name().to_owned(),
        json_name: f.json_name().to_owned(),
        comment,
        kind,
        repeated: f.label() == Label::Repeated,
        is_choice: f.oneof_index.is_some() && !f.proto3_optional(),
    }
}

fn join(path: &[i32], tag: i32, index: usize) -> Vec<i32> {
    [path, &[tag, index as i32]].concat()
}

/// Leading comments of a file by the path of what they stand above.
struct Comments(BTreeMap<Vec<i32>, String>);

impl Comments {
    fn of(file: &FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let comments = locations.filter(|l| l.leading_comments.is_some());
        Self(comments.map(|l| (l.path.clone(), tidy(l.leading_comments()))).collect())
    }

    fn at(&self, path: &[i32]) -> String {
        self.0.get(path).cloned().unwrap_or_default()
    }
}

fn tidy(comment: &str) -> String {
    comment.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}
