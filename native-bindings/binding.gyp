{
  # Without the headers of libpcap all but capture is built.
  'variables': {
    'capture': '<!(echo "#include <pcap/pcap.h>" | ${CXX:-c++} -E -x c++ - >/dev/null 2>&1 && echo yes || echo no)',
  },
  'targets': [
    {
      'target_name': 'etherloom',
      'sources': [
        'src/addon.cc',
        'src/coalesce.cc',
        'src/errors.cc',
        'src/hot.cc',
        'src/link.cc',
        'src/namespace.cc',
        'src/packet.cc',
        'src/tap.cc',
        'src/waiter.cc',
      ],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      # A Worker that is terminated while native code throws: the error goes nowhere, and must not end the process.
      'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_CPP_EXCEPTIONS_ALL', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++14', '-std=gnu++17', '-std=gnu++20'],
      'cflags!': ['-O3', '-Wno-unused-parameter'],
      'cflags': ['-Wall', '-Wextra', '-fvisibility=hidden'],
      'cflags_cc': ['-std=c++17', '-fexceptions'],
      'conditions': [
        [
          'capture=="yes"',
          { 'sources': ['src/capture.cc', 'src/filter.cc', 'src/supers.cc'], 'defines': ['ETHERLOOM_CAPTURE'], 'libraries': ['-lpcap'] },
        ],
      ],
      'configurations': {
        'Release': { 'cflags': ['-O2'] },
        # What `npm run test:asan` tests.
        'Debug': {
          'cflags': ['-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
          'ldflags': ['-fsanitize=address,undefined'],
        },
      },
    },
  ],
}
