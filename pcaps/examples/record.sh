#!/bin/bash
# Records c1.pcap and c2.pcapng of the folder named as argument: `unshare --mount pcaps/examples/record.sh FOLDER`, as root.
# Needs iproute2, ethtool, tcpdump, iputils (ping, arping), curl, python3 and editcap. Everything happens in network namespaces of
# its own, which are gone afterwards; the clock of one machine stamps both captures, so their times can be compared.
set -eu
into=$(realpath "$1")
work=$(mktemp -d)
children=()
finish() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  for name in switch c1 c2 c3; do ip netns del "etherloom-$name" 2>/dev/null || true; done
  rm -r "$work"
}
trap finish EXIT
in_() { # runs a command in one of the namespaces, in place of this shell when in the background
  ip netns exec "etherloom-$1" "${@:2}"
}

# The lab: a bridge with the address of the gateway, and three containers with addresses and MACs as in lab.yaml.
for name in switch c1 c2 c3; do ip netns add "etherloom-$name"; done
in_ switch ip link add br0 address 02:42:ac:1c:00:01 type bridge
in_ switch ip address add 172.28.0.1/24 dev br0
in_ switch ip address add fd00:28::1/64 dev br0 nodad
in_ switch ip link set br0 up
for n in 1 2 3; do
  in_ switch ip link add "p$n" type veth peer name eth0 netns "etherloom-c$n" address "02:42:ac:1c:00:0$((n + 1))"
  # Whole checksums and frames no longer than the MTU, as they would be on a cable.
  in_ switch ethtool -K "p$n" tx off tso off gso off gro off >/dev/null 2>&1
  in_ "c$n" ethtool -K eth0 tx off tso off gso off gro off >/dev/null 2>&1
  in_ switch ip link set "p$n" master br0 up
done

# At the bridge's end of each cable, what the container sent.
for n in 1 2; do
  ip netns exec etherloom-switch tcpdump -i "p$n" -n --time-stamp-precision=nano -U -w - \
    "ether src 02:42:ac:1c:00:0$((n + 1))" >"$work/c$n.pcap" 2>/dev/null &
  children+=($!)
done
sleep 1
for n in 1 2 3; do
  in_ "c$n" ip link set lo up
  in_ "c$n" ip link set eth0 up
  in_ "c$n" ip address add "172.28.0.$((n + 1))/24" broadcast 172.28.0.255 dev eth0
  in_ "c$n" ip address add "fd00:28::$((n + 1))/64" dev eth0 nodad
  in_ "c$n" ip route add default via 172.28.0.1
done
sleep 2.5

# c2 serves HTTP on 80 and answers every DNS question with its own address.
mkdir "$work/www"
echo '<!doctype html><title>c2</title><p>It works.</p>' >"$work/www/index.html"
for line in $(seq 180); do echo "line $line of a page that takes several segments"; done >"$work/www/page.txt"
cat >"$work/web.py" <<'PYTHON'
import http.server, os, socket, socketserver, sys
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    def server_bind(self):  # without the reverse lookup of its name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = 'c2', 80
os.chdir(sys.argv[1])
Server(('::', 80), http.server.SimpleHTTPRequestHandler).serve_forever()
PYTHON
cat >"$work/dns.py" <<'PYTHON'
import socket
answer = b'\xc0\x0c\x00\x01\x00\x01\x00\x00\x02\x58\x00\x04\xac\x1c\x00\x03'
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('172.28.0.3', 53))
while True:
    query, client = server.recvfrom(512)
    server.sendto(query[:2] + b'\x84\x00' + query[4:6] + b'\0\1\0\0\0\0' + query[12:] + answer, client)
PYTHON
cat >"$work/ask.py" <<'PYTHON'
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(2)
def ask(number, name, server):
    labels = b''.join(bytes([len(label)]) + label for label in name.split(b'.'))
    client.sendto(number + b'\1\0\0\1\0\0\0\0\0\0' + labels + b'\0\0\1\0\1', server)
for number, name in (b'\x1d\x50', b'c2.lab'), (b'\x1d\x51', b'web.lab'):
    ask(number, name, ('172.28.0.3', 53))
    client.recvfrom(512)
ask(b'\0\0', b'c2.local', ('224.0.0.251', 5353))
PYTHON
ip netns exec etherloom-c2 python3 "$work/web.py" "$work/www" 2>/dev/null &
children+=($!)
ip netns exec etherloom-c2 python3 "$work/dns.py" &
children+=($!)
sleep 1

# The conversation. What fails is part of it: nobody has 172.28.0.99, and nothing listens on port 81.
in_ c1 ping -q -c 3 -i 0.3 172.28.0.3
in_ c1 python3 "$work/ask.py"
in_ c1 curl -sS -o /dev/null http://172.28.0.3/
in_ c1 curl -sS -o /dev/null http://172.28.0.3/page.txt
in_ c1 ping -q -c 2 -i 0.3 fd00:28::3
in_ c1 curl -sS -g -o /dev/null 'http://[fd00:28::3]/'
in_ c1 ping -q -c 2 -i 0.3 172.28.0.1
in_ c1 ping -q -c 1 -s 1472 -M do 172.28.0.3
in_ c1 arping -q -c 2 -I eth0 172.28.0.3
in_ c2 arping -q -c 1 -U -I eth0 172.28.0.3 || true
in_ c1 ping -q -c 1 -W 1 172.28.0.99 || true
in_ c1 ping -q -b -c 1 -W 1 172.28.0.255 || true
in_ c1 curl -sS -o /dev/null -m 2 http://172.28.0.3:81/ || true
sleep 6

cp "$work/c1.pcap" "$into/c1.pcap"
editcap -F pcapng "$work/c2.pcap" "$into/c2.pcapng"
