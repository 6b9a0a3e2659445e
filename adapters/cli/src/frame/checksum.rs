//! Checksums by their names in the catalogue of parametrised CRC algorithms, as the crate `crc` has them.

use crc::Algorithm;
use wirenut::framing::ByteOrder;

/// A checksum behind each message.
#[derive(Clone)]
pub(super) struct Crc {
    pub(super) sum: Sum,
    /// Which of its bytes comes first.
    pub(super) order: ByteOrder,
}

/// An algorithm, with its table.
#[derive(Clone)]
pub(super) enum Sum {
    Of8(&'static crc::Crc<u8>),
    Of16(&'static crc::Crc<u16>),
    Of32(&'static crc::Crc<u32>),
}

/// An algorithm, by its name in Rust.
#[derive(Clone, Copy)]
enum Named {
    Of8(&'static Algorithm<u8>),
    Of16(&'static Algorithm<u16>),
    Of32(&'static Algorithm<u32>),
}

macro_rules! named {
    ($($kind:ident: $($name:ident)+;)+) => {
        /// All of 8, 16 and 32 bits.
        const CATALOGUE: &[(&str, Named)] = &[$($((stringify!($name), Named::$kind(&crc::$name)),)+)+];
    };
}

named! {
    Of8: CRC_8_AUTOSAR CRC_8_BLUETOOTH CRC_8_CDMA2000 CRC_8_DARC CRC_8_DVB_S2 CRC_8_GSM_A CRC_8_GSM_B CRC_8_HITAG
        CRC_8_I_432_1 CRC_8_I_CODE CRC_8_LTE CRC_8_MAXIM_DOW CRC_8_MIFARE_MAD CRC_8_NRSC_5 CRC_8_OPENSAFETY CRC_8_ROHC
        CRC_8_SAE_J1850 CRC_8_SMBUS CRC_8_TECH_3250 CRC_8_WCDMA;
    Of16: CRC_16_ARC CRC_16_CDMA2000 CRC_16_CMS CRC_16_DDS_110 CRC_16_DECT_R CRC_16_DECT_X CRC_16_DNP CRC_16_EN_13757
        CRC_16_GENIBUS CRC_16_GSM CRC_16_IBM_3740 CRC_16_IBM_SDLC CRC_16_ISO_IEC_14443_3_A CRC_16_KERMIT CRC_16_LJ1200
        CRC_16_M17 CRC_16_MAXIM_DOW CRC_16_MCRF4XX CRC_16_MODBUS CRC_16_NRSC_5 CRC_16_OPENSAFETY_A CRC_16_OPENSAFETY_B
        CRC_16_PROFIBUS CRC_16_RIELLO CRC_16_SPI_FUJITSU CRC_16_T10_DIF CRC_16_TELEDISK CRC_16_TMS37157 CRC_16_UMTS
        CRC_16_USB CRC_16_XMODEM;
    Of32: CRC_32_AIXM CRC_32_AUTOSAR CRC_32_BASE91_D CRC_32_BZIP2 CRC_32_CD_ROM_EDC CRC_32_CKSUM CRC_32_ISCSI
        CRC_32_ISO_HDLC CRC_32_JAMCRC CRC_32_MEF CRC_32_MPEG_2 CRC_32_XFER;
}

/// What people say for some of them.
const ALIASES: &[(&str, &str)] = &[
    ("CRC16CCITTFALSE", "CRC16IBM3740"),
    ("CRC16X25", "CRC16IBMSDLC"),
    ("CRC32", "CRC32ISOHDLC"),
    ("CRC32C", "CRC32ISCSI"),
    ("CRC8", "CRC8SMBUS"),
    ("FCS16", "CRC16IBMSDLC"),
    ("MODBUS", "CRC16MODBUS"),
];

/// The name of an algorithm that there is.
#[derive(Clone, Copy)]
pub(super) struct CrcName(Named);

impl core::fmt::Debug for CrcName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CrcName")
    }
}

impl CrcName {
    /// Reads a name, in any case and with any signs between its words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let plain = |name: &str| -> String {
            name.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_uppercase()).collect()
        };
        let wanted = plain(text);
        let wanted = ALIASES.iter().find(|(alias, _)| *alias == wanted).map_or(wanted.as_str(), |(_, name)| name);
        let found = CATALOGUE.iter().find(|(name, _)| plain(name) == wanted);
        found.map(|(_, named)| Self(*named)).ok_or_else(|| {
            "expected a CRC of 8, 16 or 32 bits by its name in the catalogue, such as CRC-16/IBM-SDLC, CRC-16/MODBUS, \
             CRC-32/ISO-HDLC, CRC-32/ISCSI or CRC-8/SMBUS"
                .into()
        })
    }

    /// How many bytes it has.
    pub(super) const fn bytes(self) -> u32 {
        match self.0 {
            Named::Of8(_) => 1,
            Named::Of16(_) => 2,
            Named::Of32(_) => 4,
        }
    }

    /// The algorithm. Its bytes come in the order of its bits, if no other is wished for: the lowest first, where it is
    /// reflected.
    pub(super) fn build(self, order: Option<ByteOrder>) -> Crc {
        // For as long as the process runs, which needs one.
        let (sum, is_reflected) = match self.0 {
            Named::Of8(algorithm) => (Sum::Of8(Box::leak(Box::new(crc::Crc::<u8>::new(algorithm)))), algorithm.refout),
            Named::Of16(algorithm) => {
                (Sum::Of16(Box::leak(Box::new(crc::Crc::<u16>::new(algorithm)))), algorithm.refout)
            }
            Named::Of32(algorithm) => {
                (Sum::Of32(Box::leak(Box::new(crc::Crc::<u32>::new(algorithm)))), algorithm.refout)
            }
        };
        let usual = if is_reflected { ByteOrder::LittleEndian } else { ByteOrder::BigEndian };
        Crc { sum, order: order.unwrap_or(usual) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_have_many_spellings_and_the_check_values_of_the_catalogue() {
        for (text, check, order) in [
            ("CRC-16/IBM-SDLC", 0x906e, ByteOrder::LittleEndian),
            ("crc_16_ibm_sdlc", 0x906e, ByteOrder::LittleEndian),
            ("fcs-16", 0x906e, ByteOrder::LittleEndian),
            ("CRC-16/XMODEM", 0x31c3, ByteOrder::BigEndian),
            ("crc32", 0xcbf4_3926, ByteOrder::LittleEndian),
            ("CRC-8/SMBUS", 0xf4, ByteOrder::BigEndian),
        ] {
            let crc = CrcName::parse(text).unwrap().build(None);
            let sum = match crc.sum {
                Sum::Of8(crc) => u32::from(crc.checksum(b"123456789")),
                Sum::Of16(crc) => u32::from(crc.checksum(b"123456789")),
                Sum::Of32(crc) => crc.checksum(b"123456789"),
            };
            assert_eq!((sum, crc.order), (check, order), "{text}");
        }
        let order = CrcName::parse("crc32").unwrap().build(Some(ByteOrder::BigEndian)).order;
        assert_eq!(order, ByteOrder::BigEndian);
        for text in ["", "crc", "CRC-64/XZ", "md5"] {
            assert!(CrcName::parse(text).unwrap_err().contains("CRC-16/IBM-SDLC"), "{text}");
        }
    }
}
