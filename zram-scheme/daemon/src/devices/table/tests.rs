use zram_lifecycle::{DeviceId, DeviceSet};

use crate::fake::Machine;

#[test]
fn devices_that_are_hidden_are_gone_before_their_rows_are_empty() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "id=1 disksize=1M").unwrap();
    let both = [0, 1].map(|number| DeviceId::new(number).unwrap());
    machine.daemon.devices.hide(both.into_iter().fold(DeviceSet::EMPTY, DeviceSet::with));
    for id in both {
        assert_eq!(machine.daemon.devices.view(id), None);
    }
    assert_eq!(machine.daemon.devices.views().count(), 0);
}

#[test]
fn a_number_is_shown_again_when_a_new_device_gets_it() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_remove", "0").unwrap();
    assert_eq!(machine.cat("0/disksize"), Err(syscall::ENOENT));
    machine.echo("control/hot_add", "id=0 disksize=2M").unwrap();
    assert_eq!(machine.cat("0/disksize").unwrap().trim(), "2097152");
}
