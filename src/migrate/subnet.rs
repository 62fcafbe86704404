//! How long the prefix of a host's subnet is. libvirt tells nobody's prefixes (its interface driver is missing in most
//! builds), but the kernel here knows those of the networks that it is in itself: an address in one of them has its prefix.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The prefix of the network that this computer is in and the address is in; `None` when it is in none of ours.
pub fn prefix_of(address: IpAddr) -> Option<u8> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    match address {
        IpAddr::V4(address) => in_routes(&read("/proc/net/route"), address),
        IpAddr::V6(address) => in_addresses(&read("/proc/net/if_inet6"), address),
    }
}

/// `address` cut to `prefix` bits.
pub fn network(address: IpAddr, prefix: u8) -> u128 {
    let (bits, width) = match address {
        IpAddr::V4(a) => (u128::from(a.to_bits()), 32),
        IpAddr::V6(a) => (a.to_bits(), 128),
    };
    let host = width - u32::from(prefix).min(width);
    bits.checked_shr(host).unwrap_or_default()
}

/// The longest route without a gateway that covers the address (proc(5): hexadecimal numbers in the computer's byte order).
fn in_routes(routes: &str, address: Ipv4Addr) -> Option<u8> {
    let fits = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let number =
            |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok().map(|n| u32::from_be_bytes(n.to_ne_bytes()));
        let (to, gateway, mask) = (number(1)?, number(2)?, number(7)?);
        let ours = gateway == 0 && mask != 0 && address.to_bits() & mask == to;
        ours.then(|| u8::try_from(mask.leading_ones()).ok()).flatten()
    };
    routes.lines().skip(1).filter_map(fits).max()
}

/// The same from our own addresses (proc(5): address, interface, prefix in hexadecimal); link-local ones mean nothing.
fn in_addresses(addresses: &str, address: Ipv6Addr) -> Option<u8> {
    let fits = |line: &str| {
        let mut fields = line.split_whitespace();
        let own = u128::from_str_radix(fields.next()?, 16).ok()?;
        let prefix = u8::from_str_radix(fields.nth(1)?, 16).ok().filter(|p| (1..128).contains(p))?;
        let own = Ipv6Addr::from_bits(own);
        let same = network(own.into(), prefix) == network(address.into(), prefix);
        (same && !own.is_unicast_link_local()).then_some(prefix)
    };
    addresses.lines().filter_map(fits).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_knows_the_networks_that_it_is_in() {
        let hex = |a: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(a));
        let line =
            |to, gateway, mask| format!("eth0\t{}\t{}\t0001\t0\t0\t0\t{}\t0\t0\t0\n", hex(to), hex(gateway), hex(mask));
        let routes = "Iface\tDestination\t…\n".to_owned()
            + &line([0, 0, 0, 0], [10, 77, 0, 1], [0, 0, 0, 0])
            + &line([10, 77, 0, 0], [0, 0, 0, 0], [255, 255, 240, 0])
            + &line([10, 99, 0, 0], [10, 77, 0, 1], [255, 255, 0, 0]);
        for (address, want) in [([10, 77, 13, 5], Some(20)), ([10, 77, 16, 5], None), ([10, 99, 0, 5], None)] {
            assert_eq!(in_routes(&routes, address.into()), want, "{address:?}");
        }
    }

    #[test]
    fn and_its_own_addresses() {
        let own = "20010db8000000000000000000000011 02 38 00 80     eth0\n\
                   fe800000000000000000000000000011 02 40 20 80     eth0\n\
                   00000000000000000000000000000001 01 80 10 80       lo\n";
        for (address, want) in
            [("2001:db8:0:ff::1", Some(56)), ("2001:db8:0:100::1", None), ("fe80::2", None), ("::1", None)]
        {
            assert_eq!(in_addresses(own, address.parse().unwrap()), want, "{address}");
        }
    }

    #[test]
    fn a_network_is_what_its_addresses_begin_with() {
        let v4 = |a: [u8; 4]| IpAddr::from(a);
        assert_eq!(network(v4([10, 77, 1, 11]), 24), network(v4([10, 77, 1, 200]), 24));
        assert_ne!(network(v4([10, 77, 1, 11]), 24), network(v4([10, 77, 2, 11]), 24));
        assert_eq!(network(v4([10, 77, 1, 11]), 22), network(v4([10, 77, 2, 11]), 22));
        assert_eq!(network(v4([10, 77, 1, 11]), 0), network(v4([192, 168, 2, 11]), 0));
    }
}
