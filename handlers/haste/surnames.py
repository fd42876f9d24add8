"""Family names that are common in Japan, and signs of given names (5.10). Words of the language, no persons."""

_SURNAMES = """
佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 渡邉 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 斉藤 齋藤
齊藤 清水 山崎 阿部 池田 橋本 石川 山下 中島 中嶋 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本 福田
太田 西村 藤井 金子 岡本 藤原 三浦 中野 中川 原田 松田 竹内 小野 田村 中山 和田 石田 森田 上田 原 内田 柴田 酒井
宮崎 横山 高木 安藤 宮本 大野 小島 工藤 谷口 今井 高田 丸山 増田 村田 武田 上野 杉山 千葉 平野 大塚 菅原 久保 松井
岩崎 松尾 野口 木下 佐野 野村 菊地 菊池 新井 渡部 桜井 水野 古川 松下 市川 小松 島田 高野 山内 西田 吉川 大西 西川
五十嵐 北村 川口 安田 辻 本田 飯田 中田 関 川崎 久保田 吉村 東 平田 服部 岩田 土屋 川上 福島 樋口 中西 荒木 田口
永井 松岡 森本 秋山 小池 星野 大橋 浜田 内藤 野田 田辺 望月 岡 大島 松村 熊谷 早川 大谷 黒田 吉岡 岩本 小山 今村 森
馬場 西山 関口 大石 浅野 尾崎 堀 松浦 奥村 永田 広瀬 荒井 高山 石原 小西 上原 片山 栗原 小田 柳沢 南 北川 松原 篠原
成田 三宅 宮田 須藤 河野 本間 大久保 吉野 片岡 桑原 山中 岸 富田 小沢 坂口 川村 川島 中井 田島 根本 高島 三好 矢野
山根 田代 石橋 萩原 矢島 杉本 古賀 井口 内山 江口 飯塚 大森 米田 津田 白石 牧野 川端 堀内 西尾 三上 平井 岡崎 大川
黒木 児玉 土井 榎本 平山 横田 滝沢 松永 竹田 小倉 福井 奥田 稲葉 塚本 向井 村山 戸田 植田 森下 長田 八木 相馬 中原
柳田 西岡 川田 北野 河合 浅井 今野 武藤 杉田 沢田 澤田 寺田 吉本 宮川 徳永 梅田 植木 松山 野崎 堀田 田原 島崎 藤本
藤川 藤村 藤沢 青山 赤松 秋田 足立 天野 有田 飯島 石黒 石塚 磯部 市原 稲垣 岩井 上村 宇野 梅原 大沢 大竹 大原 岡村
荻野 小野寺 笠原 神田 神谷 亀井 川野 菅野 岸本 北原 木原 楠 窪田 倉田 黒川 小泉 河村 小松原 近江 堺 榊原 佐久間 桜田
佐伯 真田 沢村 塩田 志村 渋谷 島村 下田 庄司 城 新田 杉浦 須田 瀬戸 高井 高瀬 高松 竹中 立花 棚橋 谷 玉井 千田 土田
堤 坪井 富永 豊田 中尾 永野 仲村 奈良 西野 丹羽 野中 野沢 長谷 浜口 林田 原口 坂東 日高 平川 深沢 福本 福永 藤岡
古田 星 細川 堀江 本多 前川 牧 増井 町田 松島 丸田 三木 水谷 溝口 宮下 宮内 宮沢 武者 村井 村松 室井 最上 諸橋 八田
柳 山岸 山川 山村 山元 湯浅 横井 吉井 吉沢 米山 若林 鷲尾 御手洗 小鳥遊 東海林 二階堂 比嘉 金城 島袋 玉城 具志堅
新垣 大城 宮城 知念 仲宗根 我那覇 長谷部 勅使河原 佐竹 生駒 添田 越智 越前
"""
_READINGS = """
さとう すずき たかはし たなか いとう わたなべ やまもと なかむら こばやし かとう よしだ やまだ ささき やまぐち
まつもと いのうえ きむら さいとう しみず やまざき やまさき あべ いけだ はしもと いしかわ やました なかじま いしい
おがわ まえだ おかだ はせがわ ふじた ごとう こんどう むらかみ えんどう あおき さかもと ふくだ おおた にしむら ふじい
かねこ おかもと ふじわら みうら なかの なかがわ はらだ まつだ たけうち おの たむら なかやま わだ いしだ もりた
うえだ うちだ しばた さかい みやざき よこやま たかぎ あんどう みやもと おおの こじま くどう たにぐち いまい たかだ
まるやま ますだ むらた たけだ うえの すぎやま ちば ひらの おおつか すがわら くぼ まつい いわさき まつお のぐち
きのした さの のむら きくち あらい さくらい みずの ふるかわ まつした いちかわ こまつ しまだ たかの にしだ よしかわ
おおにし にしかわ きたむら かわぐち やすだ ほんだ いいだ なかた かわさき くぼた よしむら ひらた はっとり いわた
つちや かわかみ ふくしま ひぐち もり はやし おか ほしの はまだ のだ こいけ あきやま
"""
_ROMANISED = """
sato satou suzuki takahashi tanaka ito itou watanabe yamamoto nakamura kobayashi kato katou yoshida yamada sasaki
yamaguchi matsumoto inoue kimura saito saitou shimizu yamazaki yamasaki abe ikeda hashimoto ishikawa yamashita
nakajima ishii ogawa maeda okada hasegawa fujita goto gotou kondo murakami endo aoki sakamoto fukuda ota ohta
nishimura fujii kaneko okamoto fujiwara miura nakano nakagawa harada matsuda takeuchi ono tamura nakayama wada
ishida morita ueda uchida shibata sakai miyazaki yokoyama takagi ando miyamoto kojima kudo taniguchi imai maruyama
masuda murata takeda ueno sugiyama chiba hirano sugawara kubo matsui iwasaki matsuo noguchi kinoshita nomura kikuchi
arai sakurai mizuno furukawa komatsu shimada nishida yoshikawa onishi kitamura kawaguchi yasuda honda iida nakata
kawasaki yoshimura hirata hattori iwata higuchi hayashi hoshino
"""
_GIVEN = """
一二三四五六七八九十太郎朗子美香奈恵花華愛優陽翔大介輔助佑祐裕雄夫男彦樹希貴紀則典弘宏浩博広寛仁人斗翼蓮湊悠真
誠信正昌政雅和久幸行之志史司士智知友朋明昭晃章彰光輝照旭春夏秋冬菜乃葉莉里理梨沙紗彩綾結衣由佳加代世江枝絵実未
来咲桜梅桃杏芽萌楓凛凜鈴音琴奏歌詩織千尋穂保拓也哉弥耶矢健建賢謙憲研直尚剛武勇猛勝克利俊敏隼駿涼亮良諒遼稜隆孝
崇高徹哲鉄達辰竜龍虎馬海洋波航渉渡空天星月昴晴晶玲怜礼麗蘭瑠璃瑛英栄永新進伸慎晋心道通満充稔豊富吉義喜嘉善康泰
安静清聖純淳順潤惇淑節貞操早苗百合薫馨茂繁成生洸滉蒼碧颯楽元源伊吾悟護守衛圭桂啓敬慶景彗慧恭京匡共響歩望夢笑紬
澪寧都帆妃那南名緒央旺凰桐梓椿蕗菊藤芳絢文郁育琉留流瑞祥丈穣弦玄絃律倫凌陵陸睦務努力修秀周宗壮創聡総尊孟毅基己
"""

SURNAMES = frozenset(_SURNAMES.split())
READINGS = frozenset(_READINGS.split())
ROMANISED = frozenset(_ROMANISED.split())
GIVEN = frozenset("".join(_GIVEN.split()))
