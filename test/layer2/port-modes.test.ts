/**
 * The five port modes of bridges that filter VLANs, in the words of Open vSwitch (ovs-vswitchd.conf.db(5), vlan_mode and priority_tags;
 * ofproto-dpif-xlate.c).
 */
import { office, vlanBridge } from './labs.js';
import { scenario } from './scenario.js';

scenario('access: one VLAN, without tags in and out; a trunk carries it with its tag', {
  lab: office,
  story: `
    a1: A>* => a2 t1[10] t2[10]
    x1: X>* => t1[20]
    t1[10]: T>A => a1
    a1: A>T => t1[10]
    a2: B>A => a1`,
});

scenario('access: a tagged frame is not admitted, not even with the tag of its VLAN', {
  lab: office,
  story: `
    a1[10]: A>* => dropped: vlan-not-admitted
    a1[20]: A>* => dropped: vlan-not-admitted
    a1[88a8:10]: A>* => dropped: vlan-not-admitted`,
});

scenario('trunk: VLANs of its list pass with their tags, others are not admitted and not sent', {
  lab: office,
  story: `
    t2[10]: T>* => a1 a2 t1[10]
    t2[30]: T>* => t1[30]
    t2[20]: T>* => dropped: vlan-not-admitted
    t2: T>* => dropped: vlan-not-admitted
    t1[20]: U>* => x1
    t1[30]: U>* => t2[30]
    t1[40]: U>* => dropped: no-other-port`,
});

scenario('trunk: without a list it takes all VLANs, and untagged frames as VLAN 0', {
  lab: vlanBridge({ t1: '', t2: 'vlan_mode: trunk', t3: 'trunks: [0, 5]', a1: 'tag: 10' }),
  story: `
    t1: T>* => t2 t3
    t1[5]: T>* => t2[5] t3[5]
    t1[4094]: T>* => t2[4094]
    t3: U>T => t1`,
});

scenario('native-tagged: untagged frames are in its VLAN, which leaves with its tag', {
  lab: vlanBridge({
    n1: 'vlan_mode: native-tagged, tag: 10, trunks: [20]',
    a1: 'tag: 10',
    x1: 'tag: 20',
    t1: '',
  }),
  story: `
    n1: N>* => a1 t1[10]
    n1[10]: N>* => a1 t1[10]
    n1[20]: N>* => x1 t1[20]
    n1[30]: N>* => dropped: vlan-not-admitted
    a1: A>* => n1[10] t1[10]
    x1: X>* => n1[20] t1[20]
    t1[30]: T>* => dropped: no-other-port`,
});

scenario('native-untagged: untagged frames are in its VLAN, which leaves without a tag', {
  lab: vlanBridge({
    n1: 'vlan_mode: native-untagged, tag: 10, trunks: [20]',
    a1: 'tag: 10',
    x1: 'tag: 20',
    t1: '',
  }),
  story: `
    n1: N>* => a1 t1[10]
    n1[10]: N>* => a1 t1[10]
    n1[20]: N>* => x1 t1[20]
    n1[30]: N>* => dropped: vlan-not-admitted
    a1: A>* => n1 t1[10]
    t1[10]: T>* => a1 n1
    x1: X>* => n1[20] t1[20]`,
});

scenario('native: the native VLAN is always carried, and VLAN 0 never (Open vSwitch: bundle_set)', {
  lab: vlanBridge({
    n1: 'vlan_mode: native-untagged, tag: 10, trunks: [0, 20]',
    n2: 'vlan_mode: native-tagged, tag: 10',
    t1: '',
  }),
  story: `
    n1: N>* => n2[10] t1[10]
    t1: T>* => dropped: no-other-port
    t1[20]: T>* => n1[20] n2[20]`,
});

scenario(
  'dot1q-tunnel: whatever comes gets the outer tag 0x88a8 of its VLAN, and loses it where it leaves',
  {
    lab: vlanBridge({
      q1: 'vlan_mode: dot1q-tunnel, tag: 100',
      q2: 'vlan_mode: dot1q-tunnel, tag: 100',
      q3: 'vlan_mode: dot1q-tunnel, tag: 200',
      t1: '',
    }),
    story: `
    q1: Q>* => q2 t1[88a8:100]
    q1[10]: Q>* => q2[10] t1[88a8:100,10]
    q1[10/3]: Q>* => q2[10/3] t1[88a8:100,10/3]
    t1[88a8:100,10]: T>* => q1[10] q2[10]
    t1[88a8:200,10/5d]: T>* => q3[10/5d]
    t1[88a8:100]: T>Q => q1`,
  },
);

scenario('dot1q-tunnel: qinq_ethtype 802.1q makes the outer tag 0x8100', {
  lab: vlanBridge({ q1: 'vlan_mode: dot1q-tunnel, tag: 100, qinq_ethtype: 802.1q', t1: '' }),
  story: `
    q1[10]: Q>* => t1[100,10]
    q1: Q>* => t1[100]
    t1[100,10]: T>Q => q1[10]`,
});

scenario('dot1q-tunnel: cvlans are the inner VLANs that it takes, in both directions', {
  lab: vlanBridge({ q1: 'vlan_mode: dot1q-tunnel, tag: 100, cvlans: [10, 11]', t1: '' }),
  story: `
    q1[10]: Q>* => t1[88a8:100,10]
    q1[12]: Q>* => dropped: vlan-not-admitted
    q1: Q>* => dropped: vlan-not-admitted
    t1[88a8:100,11]: T>* => q1[11]
    t1[88a8:100,12]: T>* => dropped: no-other-port`,
});

scenario('QinQ through two trunks, and back', {
  lab: vlanBridge({ q1: 'vlan_mode: dot1q-tunnel, tag: 100', t1: '', t2: 'trunks: [100]' }),
  story: `
    t1[88a8:100,10/3,20]: T>* => q1[10/3,20] t2[88a8:100,10/3,20]
    t2[88a8:100]: U>T => t1[88a8:100]`,
});

scenario('priority tags: never (default): a frame of no VLAN leaves without a tag', {
  lab: vlanBridge({ a1: 'tag: 10', a2: 'tag: 10', t1: '' }),
  story: `
    a1[0/5]: A>* => a2 t1[10/5]
    t1[10/5]: T>A => a1`,
});

scenario('priority tags: if-nonzero: a tag of VID 0 keeps a priority that is not 0', {
  lab: vlanBridge({
    a1: 'tag: 10, priority_tags: if-nonzero',
    a2: 'tag: 10',
    n1: 'vlan_mode: native-untagged, tag: 10, priority_tags: if-nonzero',
    t1: '',
  }),
  story: `
    t1[10/5]: T>* => a1[0/5] a2 n1[0/5]
    t1[10]: T>* => a1 a2 n1
    a2[0/3]: B>* => a1[0/3] n1[0/3] t1[10/3]`,
});

scenario('priority tags: always: a frame of no VLAN leaves with a tag of VID 0', {
  lab: vlanBridge({ a1: 'tag: 10, priority_tags: always', a2: 'tag: 10', t1: '' }),
  story: `
    t1[10/5]: T>* => a1[0/5] a2
    t1[10]: T>* => a1[0] a2
    a2: B>* => a1[0] t1[10]`,
});
