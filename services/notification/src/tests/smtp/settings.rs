//! Settings that would harm are refused when a process starts.

use crate::channel::{Smtp, SmtpConfig};

fn refusal(section: &str) -> Option<String> {
    let config: SmtpConfig = toml::from_str(section).expect("a section");
    Smtp::new(&config).err().map(|e| e.to_string())
}

#[test]
fn a_password_leaves_this_machine_encrypted_only() {
    platform::init();
    let with = |host: &str, tls: &str| {
        refusal(&format!("host = {host:?}\ntls = {tls:?}\nuser = \"u\"\npassword = \"p\""))
    };
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1"] {
        assert_eq!(with(host, "off"), None, "{host}");
    }
    for host in ["mail.example", "10.0.0.1", "localhost.mail.example", "::ffff:10.0.0.1"] {
        let refusal = with(host, "off").expect("refused");
        assert!(refusal.starts_with("notification.channel.smtp.tls: \"off\""), "{refusal}");
        assert!(refusal.contains("\"starttls\" and \"implicit\"") && refusal.contains(host), "{refusal}");
    }
    assert_eq!(with("mail.example", "starttls"), None);
    assert_eq!(with("mail.example", "implicit"), None);
    assert_eq!(refusal("host = \"mail.example\"\ntls = \"off\""), None, "nothing secret is sent");
}

#[test]
fn a_login_is_whole_and_a_limit_is_none_of_zero() {
    platform::init();
    let cases = [
        ("user = \"u\"", "notification.channel.smtp.user and notification.channel.smtp.password"),
        ("password = \"p\"", "notification.channel.smtp.user and notification.channel.smtp.password"),
        ("timeout_seconds = 0", "notification.channel.smtp.timeout_seconds: 0 is not from 1 to 3600"),
        ("timeout_seconds = 18446744073709551", "notification.channel.smtp.timeout_seconds: "),
        ("max_connections = 101", "notification.channel.smtp.max_connections: 101 is not from 1 to 100"),
        ("content_timeout_seconds = 0", "notification.channel.smtp.content_timeout_seconds: 0 is not from"),
    ];
    for (line, expected) in cases {
        let refusal = refusal(&format!("host = \"mail.example\"\n{line}")).expect("refused");
        assert!(refusal.starts_with(expected), "{line}: {refusal}");
    }
}
