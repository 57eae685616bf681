"""The system calls that plotting takes, by machine. Numbers from the kernel's unistd_64.h and asm-generic/unistd.h."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """How a kernel names an architecture, and the numbers of its calls."""

    audit: int  # AUDIT_ARCH_*, what seccomp sees
    numbers: dict[str, int]
    tested: bool


# Reading what Landlock lets be read, memory, clocks, waiting, one's own signals and one's own end. Not among them: new
# processes or threads, exec, sockets, signals to anybody, other processes' memory, files made, renamed or removed,
# timers, shared memory, memfd, namespaces, mounts, keys, bpf, perf, io_uring, userfaultfd, modules, clocks being set.
ALLOWED = (
    "read readv pread64 write writev open openat close lseek stat fstat lstat newfstatat statx access faccessat "
    "faccessat2 readlink readlinkat getdents64 getcwd dup dup2 dup3 "
    "mmap mprotect munmap mremap madvise brk "
    "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall exit exit_group "
    "futex set_robust_list rseq membarrier sched_yield sched_getaffinity getrandom "
    "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times "
    "poll ppoll select pselect6 "
    "getpid getppid gettid getuid getgid geteuid getegid getrlimit getrusage uname sysinfo "
)

X86_64 = Machine(
    0xC000003E,
    dict(
        read=0, write=1, open=2, close=3, stat=4, fstat=5, lstat=6, poll=7, lseek=8, mmap=9, mprotect=10, munmap=11,
        brk=12, rt_sigaction=13, rt_sigprocmask=14, rt_sigreturn=15, ioctl=16, pread64=17, readv=19, writev=20,
        access=21, select=23, sched_yield=24, mremap=25, madvise=28, dup=32, dup2=33, nanosleep=35, getpid=39, exit=60,
        uname=63, fcntl=72, getcwd=79, readlink=89, gettimeofday=96, getrlimit=97, getrusage=98, sysinfo=99, times=100,
        getuid=102, getgid=104, geteuid=107, getegid=108, getppid=110, capset=126, sigaltstack=131, gettid=186,
        time=201, futex=202, sched_getaffinity=204, getdents64=217, restart_syscall=219, clock_gettime=228,
        clock_getres=229, clock_nanosleep=230, exit_group=231, openat=257, newfstatat=262, readlinkat=267,
        faccessat=269, pselect6=270, ppoll=271, set_robust_list=273, dup3=292, prlimit64=302, getrandom=318,
        membarrier=324, statx=332, rseq=334, clone3=435, close_range=436, openat2=437, faccessat2=439,
        landlock_create_ruleset=444, landlock_add_rule=445, landlock_restrict_self=446,
    ),
    tested=True,
)  # fmt: skip

AARCH64 = Machine(
    0xC00000B7,
    dict(
        getcwd=17, dup=23, dup3=24, fcntl=25, ioctl=29, faccessat=48, openat=56, close=57, getdents64=61, lseek=62,
        read=63, write=64, readv=65, writev=66, pread64=67, pselect6=72, ppoll=73, readlinkat=78, newfstatat=79,
        fstat=80, capset=91, exit=93, exit_group=94, futex=98, set_robust_list=99, nanosleep=101, clock_gettime=113,
        clock_getres=114, clock_nanosleep=115, sched_getaffinity=123, sched_yield=124, restart_syscall=128,
        sigaltstack=132, rt_sigaction=134, rt_sigprocmask=135, rt_sigreturn=139, times=153, uname=160, getrlimit=163,
        getrusage=165, gettimeofday=169, getpid=172, getppid=173, getuid=174, geteuid=175, getgid=176, getegid=177,
        gettid=178, sysinfo=179, brk=214, munmap=215, mremap=216, mmap=222, mprotect=226, madvise=233, prlimit64=261,
        getrandom=278, membarrier=283, statx=291, rseq=293, clone3=435, close_range=436, openat2=437, faccessat2=439,
        landlock_create_ruleset=444, landlock_add_rule=445, landlock_restrict_self=446,
    ),
    tested=False,
)  # fmt: skip

MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}
