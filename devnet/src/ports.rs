//! Busy ports are found before anything is started.

use std::net::{IpAddr, TcpListener};

use eyre::{Result, bail};

use crate::settings::Settings;

/// Fails with the name, the port and the flag of every port that cannot be listened on.
pub fn require_free(settings: &Settings) -> Result<()> {
    let ports = settings.ports();
    let mut problems = Vec::new();
    for (index, (port, what, flag)) in ports.iter().enumerate() {
        if let Some((_, other, _)) = ports.iter().take(index).find(|(earlier, ..)| earlier == port) {
            problems.push(format!("port {port} is given to both {other} and {what}: change {flag}"));
        } else if let Err(error) = listen(settings.host, *port) {
            problems.push(format!(
                "port {port} for {what} cannot be used ({error}): free it or choose another with {flag}"
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n")) }
}

fn listen(host: IpAddr, port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((host, port))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn a_busy_port_is_named_with_its_flag() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let settings = Settings::parse_from(["devnet", "--l2-port", &port.to_string()]);
        let error = require_free(&settings).unwrap_err().to_string();
        assert!(error.contains(&format!("port {port} for the L2")), "{error}");
        assert!(error.contains("--l2-port"), "{error}");
    }

    #[test]
    fn one_port_for_two_servers_is_refused() {
        let settings = Settings::parse_from(["devnet", "--l1-port", "19000", "--l2-port", "19000"]);
        let error = require_free(&settings).unwrap_err().to_string();
        assert!(error.contains("given to both the L1 and the L2"), "{error}");
    }
}
