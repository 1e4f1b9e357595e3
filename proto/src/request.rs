//! What an adapter asks of every request message, so that each RPC is one line in it.

use serde::{Serialize, de::DeserializeOwned};

/// The request of one RPC; implemented by the build for each.
pub trait Request: prost::Message + Default + Clone + Serialize + DeserializeOwned + 'static {
    /// Full name of the message.
    const NAME: &'static str;
    /// `<service>.<rpc>`: "scheduling.ProposeDates".
    const METHOD: &'static str;
    /// "/przesiadka.scheduling.v1.SchedulingService/ProposeDates".
    const GRPC_PATH: &'static str;
    /// Commands have a request id; it is mandatory.
    const IS_COMMAND: bool = false;
    /// What answers it; each item of a stream.
    type Response: prost::Message + Default + Serialize + DeserializeOwned + 'static;

    /// Takes the request id out, so that the rest can be compared with a repeat.
    fn take_request_id(&mut self) -> String {
        String::new()
    }

    /// For callers; does nothing where the message has none.
    fn set_request_id(&mut self, _id: String) {}

    /// The bytes that this message of a stream carries.
    fn take_data(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Empty where the message has none.
    fn etag(&self) -> &str {
        ""
    }

    fn validate_only(&self) -> bool {
        false
    }

    /// The resource name that the request is about: its own, its parent's, or that of what it carries. Empty where it
    /// names none.
    fn resource(&self) -> &str {
        ""
    }
}

/// Is shown the request of each RPC; see [`each_request`].
pub trait Visitor {
    fn request<R: Request>(&mut self);
}

include!(concat!(env!("OUT_DIR"), "/requests.rs"));
