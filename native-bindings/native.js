/**
 * What the addon offers: Linux devices as places that give and take bursts of frames, in the memory of the pool.
 *
 * One call moves one burst in one direction, makes no object, and never throws; calls that open or configure throw NativeError. A handle
 * is a small number that belongs to the thread that opened it; whatever is still open when that thread ends is closed for it. File
 * descriptors (of TAPs, of wake-ups) belong to the process: one thread may make one and another use it.
 */
/** What became of a frame that was to leave. */
export var Outcome;
(function (Outcome) {
    Outcome[Outcome["Sent"] = 0] = "Sent";
    /** The queue of the device is full: ENOBUFS, EAGAIN, ENOMEM. */
    Outcome[Outcome["QueueFull"] = 1] = "QueueFull";
    /** Longer than the device can send: EMSGSIZE. */
    Outcome[Outcome["TooLong"] = 2] = "TooLong";
    /** The device is down: ENETDOWN, EIO. */
    Outcome[Outcome["Down"] = 3] = "Down";
    /** The device is no longer there: ENXIO, ENODEV, EBADFD, ENOENT. */
    Outcome[Outcome["Gone"] = 4] = "Gone";
    /** The kernel did not like its virtio_net_hdr: EINVAL. */
    Outcome[Outcome["Invalid"] = 5] = "Invalid";
})(Outcome || (Outcome = {}));
/** Columns of what `status` writes. */
export var Status;
(function (Status) {
    /** Frames that the kernel dropped before we could receive them, since the device was opened. */
    Status[Status["Missed"] = 0] = "Missed";
    /** 1 when somebody at the other end would hear us. */
    Status[Status["Carrier"] = 1] = "Carrier";
    /** 1 when administratively up. */
    Status[Status["Up"] = 2] = "Up";
    /** Bytes of the largest packet. */
    Status[Status["Mtu"] = 3] = "Mtu";
    /** 0 when the device is gone. */
    Status[Status["Present"] = 4] = "Present";
    Status[Status["Count"] = 5] = "Count";
})(Status || (Status = {}));
//# sourceMappingURL=native.js.map