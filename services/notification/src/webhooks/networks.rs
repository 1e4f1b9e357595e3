//! Which addresses requests may go to: public ones, and the networks that the configuration opens.

use std::{net::IpAddr, sync::LazyLock};

use anyhow::Context as _;
use ipnet::IpNet;

/// IPv4 networks that are not of the public internet (IANA's registry of special addresses), and multicast.
const NOT_PUBLIC: [&str; 15] = [
    "0.0.0.0/8",       // this network, unspecified
    "10.0.0.0/8",      // private
    "100.64.0.0/10",   // carriers' NAT
    "127.0.0.0/8",     // loopback
    "169.254.0.0/16",  // link-local, clouds' metadata
    "172.16.0.0/12",   // private
    "192.0.0.0/24",    // protocols
    "192.0.2.0/24",    // documentation
    "192.88.99.0/24",  // 6to4 relays
    "192.168.0.0/16",  // private
    "198.18.0.0/15",   // benchmarks
    "198.51.100.0/24", // documentation
    "203.0.113.0/24",  // documentation
    "224.0.0.0/4",     // multicast
    "240.0.0.0/4",     // reserved, broadcast
];

/// Of IPv6 only this is public, so that loopback, unspecified, link-local, unique local, multicast, IPv4-mapped and
/// NAT64 addresses are not, nor what will be reserved elsewhere.
const PUBLIC_6: &str = "2000::/3";

/// And within that not these.
const NOT_PUBLIC_6: [&str; 4] = [
    "2001::/23",     // protocols, Teredo
    "2001:db8::/32", // documentation
    "2002::/16",     // 6to4, which holds any IPv4 address
    "3fff::/20",     // documentation
];

static FORBIDDEN: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| NOT_PUBLIC.iter().chain(&NOT_PUBLIC_6).map(|net| network(net)).collect());
static GLOBAL_6: LazyLock<IpNet> = LazyLock::new(|| network(PUBLIC_6));

fn network(text: &str) -> IpNet {
    text.parse().expect("the networks above are written well")
}

/// The addresses that requests may go to.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    opened: Vec<IpNet>,
    loopback: bool,
}

impl Networks {
    /// Opens networks besides the public internet, as CIDR.
    ///
    /// # Errors
    /// What is no network.
    pub fn opening<'a>(networks: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Self> {
        let parse = |text: &'a str| {
            let network = text.parse::<IpNet>();
            network.with_context(|| {
                format!(
                    "notification.webhooks.allowed_networks: {text:?} is no network such as \"10.20.0.0/16\""
                )
            })
        };
        Ok(Self { opened: networks.into_iter().map(parse).collect::<Result<_, _>>()?, loopback: false })
    }

    /// And this machine itself, there without TLS, too: for development.
    #[must_use]
    pub fn and_loopback(mut self) -> Self {
        self.opened.extend(["127.0.0.0/8", "::1/128"].map(network));
        self.loopback = true;
        self
    }

    /// Whether this machine may be spoken to, and without TLS.
    pub fn has_loopback(&self) -> bool {
        self.loopback
    }

    pub fn allow(&self, address: IpAddr) -> bool {
        self.opened.iter().any(|net| net.contains(&address)) || is_public(address)
    }
}

fn is_public(address: IpAddr) -> bool {
    (address.is_ipv4() || GLOBAL_6.contains(&address)) && !FORBIDDEN.iter().any(|net| net.contains(&address))
}
