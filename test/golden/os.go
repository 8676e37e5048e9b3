package main

import (
	"io/fs"
	"syscall"
)

func init() { generators["os"] = osRows }

// osRows: what Go prints for errors, signals and file modes.
func osRows() []any {
	type row map[string]any
	var rows []any
	for _, e := range []struct {
		name  string
		errno syscall.Errno
	}{
		{"E2BIG", syscall.E2BIG}, {"EACCES", syscall.EACCES}, {"EAGAIN", syscall.EAGAIN}, {"EBADF", syscall.EBADF},
		{"EBUSY", syscall.EBUSY}, {"EDQUOT", syscall.EDQUOT}, {"EEXIST", syscall.EEXIST}, {"EFBIG", syscall.EFBIG},
		{"EINTR", syscall.EINTR}, {"EINVAL", syscall.EINVAL}, {"EIO", syscall.EIO}, {"EISDIR", syscall.EISDIR},
		{"ELOOP", syscall.ELOOP}, {"EMFILE", syscall.EMFILE}, {"EMLINK", syscall.EMLINK},
		{"ENAMETOOLONG", syscall.ENAMETOOLONG}, {"ENFILE", syscall.ENFILE}, {"ENODEV", syscall.ENODEV},
		{"ENOENT", syscall.ENOENT}, {"ENOEXEC", syscall.ENOEXEC}, {"ENOMEM", syscall.ENOMEM},
		{"ENOSPC", syscall.ENOSPC}, {"ENOSYS", syscall.ENOSYS}, {"ENOTDIR", syscall.ENOTDIR},
		{"ENOTEMPTY", syscall.ENOTEMPTY}, {"ENOTSUP", syscall.ENOTSUP}, {"ENXIO", syscall.ENXIO},
		{"EPERM", syscall.EPERM}, {"EROFS", syscall.EROFS}, {"ESTALE", syscall.ESTALE},
		{"ETXTBSY", syscall.ETXTBSY}, {"EXDEV", syscall.EXDEV},
	} {
		rows = append(rows, row{"errno": e.name, "text": e.errno.Error()})
	}
	for _, s := range []struct {
		name   string
		signal syscall.Signal
	}{
		{"SIGABRT", syscall.SIGABRT}, {"SIGALRM", syscall.SIGALRM}, {"SIGBUS", syscall.SIGBUS},
		{"SIGFPE", syscall.SIGFPE}, {"SIGHUP", syscall.SIGHUP}, {"SIGILL", syscall.SIGILL},
		{"SIGINT", syscall.SIGINT}, {"SIGKILL", syscall.SIGKILL}, {"SIGPIPE", syscall.SIGPIPE},
		{"SIGQUIT", syscall.SIGQUIT}, {"SIGSEGV", syscall.SIGSEGV}, {"SIGTERM", syscall.SIGTERM},
		{"SIGTRAP", syscall.SIGTRAP}, {"SIGUSR1", syscall.SIGUSR1}, {"SIGUSR2", syscall.SIGUSR2},
	} {
		rows = append(rows, row{"signal": s.name, "text": s.signal.String()})
	}
	for _, st := range []uint32{
		0o100644, 0o100000, 0o100777, 0o104755, 0o102755, 0o101777, 0o107777, 0o104644, 0o040755, 0o041777,
		0o120777, 0o060660, 0o020620, 0o022620, 0o021600, 0o010600, 0o140755,
	} {
		rows = append(rows, row{"mode": st, "text": fileMode(st).String()})
	}
	return rows
}

// fileMode is the fs.FileMode that os.Stat makes of a stat's mode.
func fileMode(st uint32) fs.FileMode {
	mode := fs.FileMode(st & 0o777)
	switch st & syscall.S_IFMT {
	case syscall.S_IFBLK:
		mode |= fs.ModeDevice
	case syscall.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case syscall.S_IFDIR:
		mode |= fs.ModeDir
	case syscall.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case syscall.S_IFLNK:
		mode |= fs.ModeSymlink
	case syscall.S_IFSOCK:
		mode |= fs.ModeSocket
	}
	if st&syscall.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if st&syscall.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if st&syscall.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}
