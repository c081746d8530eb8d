module.exports = {
  uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  file: 'common/vendor.5a0a9233e4503def486e54841e25aeee.js',
  checksum: '9e107d9d372bb6826bd81d3542a419d6',
  sha1: '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12',
  integrity: 'sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC',
  style: 'button--3hF2k_9Xa1Lm',
  scope: 'data-v-7ba5bd90',
  version: '3.0.0-5010420260703001',
  template: 'Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3A-_Bc',
  colour: '#5a0a92',
  openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  unionid: 'o6_bmasdasdsad6_2sgVt7hMZOPfL',
}
