//! Calls that a protocol or a state does not have: none of these compiles, and what stands in its place does.

/// The same function around each call, so that one which does not compile is itself the reason.
macro_rules! call {
    ($name:ident, $fence:literal, $call:literal) => {
        #[doc = concat!(
            "```", $fence, "\n",
            "use core::net::SocketAddr;\n",
            "use std::os::fd::BorrowedFd;\n",
            "use wirenut_linux::socket::*;\n",
            "struct Sockets {\n",
            "    tcp: Socket<Tcp>, connecting: Socket<Tcp, Connecting>, listener: TcpListener, tcp_stream: TcpStream,\n",
            "    udp: UdpSocket, udp_peer: Socket<Udp, Connected>,\n",
            "    stream: Socket<Stream>, unix_stream: UnixStream,\n",
            "    datagram: UnixDatagram, datagram_peer: Socket<Datagram, Connected>, seqpacket: SeqpacketStream,\n",
            "}\n",
            "fn call(s: Sockets, at: &SocketAddr, path: &UnixAddress, to: &mut [u8], fd: BorrowedFd<'_>) {\n",
            "    let _ = ", $call, ";\n",
            "}\n",
            "```"
        )]
        struct $name;
    };
}

macro_rules! calls {
    ($($name:ident: $right:literal, and not $code:literal $wrong:literal;)+) => {
        $(call! { $name, "no_run", $right })+
        mod wrong {
            $(call! { $name, $code, $wrong })+
        }
    };
}

calls! {
    Receive: "s.tcp_stream.recv(to)", and not "compile_fail,E0599" "s.tcp.recv(to)";
    ReceiveLater: "s.connecting.finish()", and not "compile_fail,E0599" "s.connecting.recv(to)";
    ReceiveFrom: "s.udp.recv_from(to)", and not "compile_fail,E0599" "s.udp_peer.recv_from(to)";
    ReceiveMessage: "s.seqpacket.recv_message(to)", and not "compile_fail,E0599" "s.seqpacket.recv(to)";
    ReceiveFromPeer: "s.udp_peer.recv_message(to)", and not "compile_fail,E0599" "s.udp.recv_message(to)";
    ReceiveBatch: "s.udp.recv_batch(&mut Batch::new(1, 1))",
        and not "compile_fail,E0599" "s.seqpacket.recv_batch(&mut Batch::new(1, 1))";
    Peek: "s.tcp_stream.peek(to)", and not "compile_fail,E0599" "s.tcp_stream.peek_from(to)";
    Read: "std::io::Read::read(&mut &s.unix_stream, to)",
        and not "compile_fail,E0277" "std::io::Read::read(&mut &s.seqpacket, to)";
    Send: "s.tcp_stream.send(to)", and not "compile_fail,E0599" "s.listener.send(to)";
    SendTo: "s.udp.send_to(to, at)", and not "compile_fail,E0599" "s.tcp_stream.send_to(to, at)";
    SendMore: "s.tcp_stream.send_more(to)", and not "compile_fail,E0599" "s.udp_peer.send_more(to)";
    SendMessage: "s.udp_peer.send_message(to)", and not "compile_fail,E0599" "s.udp.send_message(to)";
    SendToPath: "s.datagram.send_to(to, path)", and not "compile_fail,E0308" "s.datagram.send_to(to, at)";
    Shutdown: "s.tcp_stream.shutdown(std::net::Shutdown::Both)",
        and not "compile_fail,E0599" "s.udp_peer.shutdown(std::net::Shutdown::Both)";
    Accept: "s.listener.accept(Mode::Blocking)", and not "compile_fail,E0599" "s.tcp_stream.accept(Mode::Blocking)";
    Listen: "s.stream.listen(1)", and not "compile_fail,E0599" "s.datagram.listen(1)";
    ListenAt: "s.stream.listen_at(\"path\", 0o600, 1)", and not "compile_fail,E0599" "s.tcp.listen_at(\"path\", 0o600, 1)";
    Bind: "s.stream.bind(path)", and not "compile_fail,E0308" "s.stream.bind(at)";
    BindOnce: "(s.tcp.bind(at), s.tcp.listen(1))", and not "compile_fail,E0382" "(s.tcp.listen(1), s.tcp.bind(at))";
    Connect: "s.tcp.connect(at)", and not "compile_fail,E0599" "s.listener.connect(at)";
    Pair: "UnixStream::pair()", and not "compile_fail,E0599" "TcpStream::pair()";
    PeerAddress: "s.tcp_stream.peer_address()", and not "compile_fail,E0599" "s.udp.peer_address()";
    PeerCredentials: "s.unix_stream.peer_credentials()", and not "compile_fail,E0599" "s.tcp_stream.peer_credentials()";
    Descriptors: "s.unix_stream.send_descriptors(to, &[fd])",
        and not "compile_fail,E0599" "s.tcp_stream.send_descriptors(to, &[fd])";
    DescriptorsTo: "s.datagram.send_descriptors_to(to, &[fd], path)",
        and not "compile_fail,E0599" "s.datagram_peer.send_descriptors_to(to, &[fd], path)";
    NoDelay: "s.tcp.set_no_delay(true)", and not "compile_fail,E0599" "s.unix_stream.set_no_delay(true)";
    ReuseAddress: "s.tcp.set_reuse_address(true)", and not "compile_fail,E0599" "s.listener.set_reuse_address(true)";
    DeferAccept: "s.listener.set_defer_accept(1)", and not "compile_fail,E0599" "s.tcp_stream.set_defer_accept(1)";
    Broadcast: "s.udp.set_broadcast(true)", and not "compile_fail,E0599" "s.tcp.set_broadcast(true)";
    Multicast: "s.udp.join_multicast(at.ip(), 0)", and not "compile_fail,E0599" "s.datagram.join_multicast(at.ip(), 0)";
    Abort: "s.unix_stream.abort()", and not "compile_fail,E0599" "s.seqpacket.abort()";
    Convert: "std::net::UdpSocket::from(s.udp)", and not "compile_fail,E0277" "std::net::TcpStream::from(s.udp)";
}
